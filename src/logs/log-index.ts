/** What a finished log consists of: written last, so a log that has one is whole. Pure. */
import type { Piece } from './blob-chain.js'

export const INDEX_NAME = 'index'

export interface LogIndex {
  readonly size: number
  readonly pieces: readonly Piece[]
}

export function indexText({ size, pieces }: LogIndex): string {
  return JSON.stringify({ version: 1, size, pieces })
}

/** @throws Error when it is not what we write */
export function readIndex(bytes: Uint8Array): LogIndex {
  const { version, size, pieces } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<LogIndex> & {
    version?: unknown
  }
  if (version !== 1 || typeof size !== 'number' || !Array.isArray(pieces)) {
    throw new Error(`an index of version ${JSON.stringify(version)}: this Tektite knows version 1`)
  }
  return { size, pieces }
}
