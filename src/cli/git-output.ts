import { execFile } from 'node:child_process'

/** What git says of a folder, on one line; '' where there is no git, no repository, or no answer. */
export function gitOutput(folder: string, args: readonly string[]): Promise<string> {
  return new Promise(settle => {
    execFile('git', ['-C', folder, ...args], { timeout: 10_000 }, (error, stdout) => settle(error ? '' : stdout.trim()))
  })
}
