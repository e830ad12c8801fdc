/**
 * Folders and files of this machine as volumes. A step sees the machine's files anyway and is no more than who started
 * the engine: hostPath gives it nothing new, only another path.
 */
import { mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeError } from '../lib/fault.js'

export interface HostPath {
  readonly path: string
  readonly type?: string
}

const CHECKS = new Map<string, readonly [(info: Stats) => boolean, string]>([
  ['Directory', [info => info.isDirectory(), 'a directory']],
  ['DirectoryOrCreate', [info => info.isDirectory(), 'a directory']],
  ['File', [info => info.isFile(), 'a file']],
  ['FileOrCreate', [info => info.isFile(), 'a file']],
  ['Socket', [info => info.isSocket(), 'a socket file']],
  ['CharDevice', [info => info.isCharacterDevice(), 'a character device']],
  ['BlockDevice', [info => info.isBlockDevice(), 'a block device']],
])

/** Makes what a type with `OrCreate` asks for. A string says in a kubelet's words what is wrong. */
export function openHostPath({ path, type = '' }: HostPath): string | undefined {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    return `hostPath "${path}" must be absolute and must not contain ".."`
  }
  const check = CHECKS.get(type)
  if (type !== '' && check === undefined) {
    return `hostPath type "${type}" is unknown; it is one of ${[...CHECKS.keys()].join(', ')}`
  }
  try {
    if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 })
    if (type === 'FileOrCreate') makeFile(path)
    const info = statSync(path, { throwIfNoEntry: false })
    const [isRight, what] = check ?? [() => true, 'there']
    return info !== undefined && isRight(info) ? undefined : `hostPath type check failed: ${path} is not ${what}`
  } catch (error) {
    // Behind a file, in a circle of links, not ours to enter: the author's doing, and no better at another try.
    return `hostPath "${path}" could not be opened: ${describeError(error)}`
  }
}

function makeFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  writeFileSync(path, '', { mode: 0o644, flag: 'wx' })
}
