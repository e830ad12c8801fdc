/** Turns what reconciling came to into Events on the runs, and into CloudEvents where a sink is set. */
import type { RunObserver } from '../reconcile/run-observer.js'
import { succeededCondition } from '../status/conditions.js'
import type { CloudEventSender } from './cloud-event-sender.js'
import type { EventRecorder } from './event-recorder.js'
import { passedConditions, runEvents, STARTED } from './run-events.js'

export function createRunReporter(recorder: Pick<EventRecorder, 'record'>, cloudEvents: CloudEventSender): RunObserver {
  return {
    changed(before, after) {
      for (const text of runEvents(before, after)) recorder.record(after, text)
      if (succeededCondition(before) === undefined) cloudEvents.send(before, undefined)
      for (const condition of passedConditions(before, after)) {
        const status = condition === STARTED ? { ...before.status, conditions: [STARTED] } : after.status
        cloudEvents.send({ ...after, ...(status && { status }) }, condition)
      }
    },
    customRunSeen(run) {
      cloudEvents.send(run, succeededCondition(run))
    },
  }
}
