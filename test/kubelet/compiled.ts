import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/**
 * Compiles source files (paths below src/) into a folder, for a test that needs a process of its own to kill. Imports
 * resolve there as they do in the repository.
 */
export function compiled(into: string, files: readonly string[]): string {
  writeFileSync(join(into, 'package.json'), '{"type":"module"}')
  symlinkSync(join(ROOT, 'node_modules'), join(into, 'node_modules'))
  const flags = ['--module', 'nodenext', '--target', 'es2023', '--noCheck', '--ignoreConfig', '--types', 'node']
  const sources = files.map(file => join(ROOT, 'src', file))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const out = ['--outDir', join(into, 'src'), '--rootDir', join(ROOT, 'src')]
  execFileSync(process.execPath, [tsc, ...flags, ...out, ...sources], { stdio: ['ignore', 'inherit', 'inherit'] })
  return join(into, 'src')
}
