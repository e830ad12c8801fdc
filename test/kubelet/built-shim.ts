import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** The shim, built if its sources are newer. Its path. */
export function builtShim(): string {
  execFileSync('make', ['-s', '-C', join(ROOT, 'src/kubelet/shim')], { stdio: ['ignore', 'inherit', 'inherit'] })
  return join(ROOT, 'entrypoint/build/shim')
}
