/** How long something that keeps a Pod from starting may last, and what is said meanwhile. */
import { toTimestamp } from '../../lib/time.js'
import type { Pod } from '../../resources/core.js'
import type { PodReport, Verdict } from '../../status/from-pod.js'
import type { Hindrance } from '../../status/pod-waiting.js'
import type { TaskRunWorld } from '../decision.js'
import { goingMessage } from './lost-pods.js'

type Patience = Pick<TaskRunWorld, 'settings' | 'now'>

/**
 * Epoch ms. As Tekton, what an installation is patient with counts from when the Pod's containers could start. Where the
 * node says that this is still to come, its clock is wrong, and the scheduler's counts.
 */
export function toleratedUntil({ patience, since }: Hindrance, { settings, now }: Patience): number {
  if (patience === undefined || since === undefined) return 0
  const from = since.ready <= now ? since.ready : since.placed
  return (
    from + (patience === 'image pull' ? settings.imagePullBackOffTimeoutMs : settings.createContainerErrorTimeoutMs)
  )
}

/** Reason and message of a Pod that is not done, with what is known of how it goes on. */
export function whileWaiting(
  pod: Pod,
  { verdict, hindrance }: PodReport,
  world: Patience,
): Pick<Verdict, 'reason' | 'message'> {
  const { reason, message } = verdict
  const going = goingMessage(pod)
  if (going !== undefined) return { reason, message: going }
  if (hindrance === undefined) return { reason, message }
  return { reason, message: `${message}. It is tried again until ${toTimestamp(toleratedUntil(hindrance, world))}` }
}
