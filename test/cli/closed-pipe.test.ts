import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/cli.js'

const manyResults = Array.from({ length: 50 }, (_, at) => ['-e', `"${at}".reverse()`]).flat()

test.each([
  { what: 'results on stdout', args: ['eval', 'cel', '-b', '-', ...manyResults], closed: 'stdout', code: 0 },
  { what: 'the help', args: ['run', '--help'], closed: 'stdout', code: 0 },
  { what: 'a mistake on stderr', args: ['eval', 'cel', '-b', '-', '-e', 'body.missing'], closed: 'stderr', code: 1 },
] as const)(
  '$what: a reader that went away changes neither the exit code nor the other stream',
  async ({ args, closed, code }) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/tektite.js'), ...args], {
      env: { ...process.env, NO_COLOR: '1' },
    })
    const other = closed === 'stdout' ? child.stderr : child.stdout
    let heard = ''
    other.setEncoding('utf8').on('data', (text: string) => {
      heard += text
    })
    // Closed before the command has its input, so that it finds nobody there from its first word on.
    child[closed].destroy()
    await once(child[closed], 'close')
    child.stdin.end('{}')
    const [exitCode] = await once(child, 'close')
    expect({ exitCode, heard }).toEqual({ exitCode: code, heard: '' })
  },
)
