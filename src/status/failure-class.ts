/** Whose fault a failure is: it decides who pays for another attempt. */
import type { TaskRunReason } from './reasons.js'

export type FailureClass =
  /** The task, its image, its params: the author's to mend. */
  | 'user'
  /** A node, a registry, the cluster: the same may work elsewhere or later. */
  | 'infrastructure'
  /** Killed for the memory it used. */
  | 'memory'
  /** Not done in time. */
  | 'timeout'

export const FAILURE_CLASSES: readonly FailureClass[] = ['user', 'infrastructure', 'memory', 'timeout']

export interface FailureKind {
  readonly failureClass: FailureClass
  /** It is known for sure that none of the steps was begun. */
  readonly neverStarted: boolean
}

/** Of a condition's reason, where nothing more is known of the failure. Cancelling is none. */
export function classOfReason(reason: string): FailureClass | undefined {
  return reason === 'TaskRunCancelled' ? undefined : (BY_REASON.get(reason) ?? 'user')
}

const BY_REASON: ReadonlyMap<string, FailureClass> = new Map<TaskRunReason, FailureClass>([
  ['TaskRunTimeout', 'timeout'],
  ['StepOOM', 'memory'],
  ['SidecarOOM', 'memory'],
  ['InitContainerOOM', 'memory'],
  ['PodEvicted', 'infrastructure'],
])
