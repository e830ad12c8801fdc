import { createHash } from 'node:crypto'

/** The longest name a file may have on the file systems we meet, less room for an ending. */
const MAX_SEGMENT_LENGTH = 200

/**
 * One path segment for a name that may be hostile: never '.', '..' or empty, never with a slash or a leading dot.
 * Different names give different segments; what Kubernetes allows as a name stays as it is.
 */
export function pathSegment(name: string): string {
  const encoded = encodeURIComponent(name).replace(/^\.|[*~!'()]/g, char => `%${char.charCodeAt(0).toString(16)}`)
  if (encoded === '') return '%'
  if (encoded.length <= MAX_SEGMENT_LENGTH) return encoded
  const hash = createHash('sha256').update(name).digest('hex')
  return `${encoded.slice(0, MAX_SEGMENT_LENGTH - hash.length - 1)}-${hash}`
}
