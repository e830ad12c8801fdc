/**
 * Names that are derived, never invented: doing a thing twice then meets AlreadyExists instead of making a twin.
 * Hashes are Tekton's (md5 and sha256 of the same texts), so that the names are Tekton's too.
 */
import { createHash } from 'node:crypto'

const MAX_NAME = 63
const MD5_HEX = 32

/** As knative's kmeta.ChildName: parent and suffix, hashed when together they are over 63 characters. */
export function childName(parent: string, suffix: string): string {
  if (parent.length + suffix.length <= MAX_NAME) return parent + suffix
  const head = MAX_NAME - MD5_HEX
  if (suffix.length < head) {
    return parent.slice(0, head - suffix.length) + md5(parent) + suffix
  }
  const hashed = parent.slice(0, head) + md5(parent + suffix)
  const padded = hashed + suffix.slice(0, Math.max(0, MAX_NAME - hashed.length))
  return padded.replace(/[^a-zA-Z0-9]+$/, '')
}

export function taskRunName(pipelineRun: string, pipelineTask: string): string {
  return childName(pipelineRun, `-${pipelineTask}`)
}

/** Attempt 0 is the first; its Pod has no `-retry` suffix. */
export function podName(taskRun: string, attempt: number): string {
  return childName(taskRun, attempt === 0 ? '-pod' : `-pod-retry${attempt}`)
}

/** The claim that a `volumeClaimTemplate` makes for one workspace of one run. */
export function claimName(template: string | undefined, workspace: string, ownerUid: string): string {
  const hash = createHash('sha256')
    .update(workspace + ownerUid)
    .digest('hex')
    .slice(0, 10)
  return `${template || 'pvc'}-${hash}`
}

/**
 * As Tekton's names.GenerateHashedName: for what needs a name that is short and always the same, such as a volume. Two
 * texts may meet in one name.
 */
export function hashedName(prefix: string, text: string, digits: number): string {
  // Go prints the number without leading zeros, and Tekton fills up on the right.
  return `${prefix}-${fnv32a(text).toString(16).slice(0, digits).padEnd(digits, '0')}`
}

function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
