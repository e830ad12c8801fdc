/**
 * Folders and files of this machine as volumes. A step sees the machine's files anyway and is no more than who started
 * the engine: hostPath gives it nothing new, only another path.
 */
import { mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface HostPath {
  readonly path: string
  readonly type?: string
}

/** Makes what a type with `OrCreate` asks for. A string says in a kubelet's words what is wrong. */
export function openHostPath({ path, type = '' }: HostPath): string | undefined {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    return `hostPath "${path}" must be absolute and must not contain ".."`
  }
  try {
    if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 })
    if (type === 'FileOrCreate' && statSync(path, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
      writeFileSync(path, '', { mode: 0o644, flag: 'wx' })
    }
  } catch (error) {
    return `hostPath "${path}" could not be made: ${error instanceof Error ? error.message : String(error)}`
  }
  const info = statSync(path, { throwIfNoEntry: false })
  const failed = (what: string): string => `hostPath type check failed: ${path} is not ${what}`
  if (info === undefined) return failed(type === '' ? 'there' : (WORDS[type]?.[1] ?? 'there'))
  if (type === '') return undefined
  const check = WORDS[type]
  if (check === undefined) return `hostPath type "${type}" is unknown; it is one of ${Object.keys(WORDS).join(', ')}`
  return check[0](info) ? undefined : failed(check[1])
}

const WORDS: Readonly<Record<string, readonly [(info: Stats) => boolean, string]>> = {
  Directory: [info => info.isDirectory(), 'a directory'],
  DirectoryOrCreate: [info => info.isDirectory(), 'a directory'],
  File: [info => info.isFile(), 'a file'],
  FileOrCreate: [info => info.isFile(), 'a file'],
  Socket: [info => info.isSocket(), 'a socket file'],
  CharDevice: [info => info.isCharacterDevice(), 'a character device'],
  BlockDevice: [info => info.isBlockDevice(), 'a block device'],
}
