/** A step's command is its image's, and the registry does not say which: the run waits as for an image that cannot be pulled. */
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import type { AwaitedImage } from '../../pod/image-commands.js'
import type { TaskRun, TaskRunStatus } from '../../resources/tekton.js'
import { TASK_RUN_REASONS } from '../../status/reasons.js'
import type { Decision, TaskRunWorld } from '../decision.js'
import { heldSince, hold } from '../hold.js'
import { failed } from './task-run-endings.js'
import { podNotMade } from './task-run-pod.js'

const PENDING_MS = 1_000
const WORDS = 'the Pod of this TaskRun waits for a registry'

export function awaitImage(
  run: TaskRun,
  status: TaskRunStatus,
  { message, isPending }: AwaitedImage,
  world: TaskRunWorld,
): Decision<TaskRunStatus> {
  const { now, settings } = world
  const until = fromTimestamp(heldSince(status, WORDS) ?? toTimestamp(now)) + settings.imagePullBackOffTimeoutMs
  // An answer that is on its way comes within seconds, and what it is ends the waiting.
  if (isPending || now < until) {
    const why = isPending ? message : `${message}. It is tried again until ${toTimestamp(until)}`
    const held = hold(status, { reason: TASK_RUN_REASONS.Pending, words: WORDS, why }, now)
    const lookAgainAt = isPending ? now + PENDING_MS : Math.min(held.lookAgainAt ?? until, until)
    return { ...held, lookAgainAt }
  }
  const failure = {
    reason: TASK_RUN_REASONS.PodCreationFailed,
    message: podNotMade(run, `translating TaskSpec to Pod: ${message}`),
    failureClass: 'infrastructure',
    // It was asked for for minutes, which is no failure to try again after unasked.
    neverStarted: false,
  } as const
  return failed(run, status, failure, undefined, [], world)
}
