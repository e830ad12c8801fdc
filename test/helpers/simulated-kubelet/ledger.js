// What really ran, told outside the system: one line per start and end of a step, appended before any status says so.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/**
 * A line is `runUid task step attempt start|end time podUid`: the uid of the PipelineRun (of the TaskRun, if it has none),
 * the TaskRun's name, the step's name, attempts before this one, RFC 3339. `target`: a function, a path, or nothing.
 */
export function openLedger(target) {
  const file = typeof target === 'string' ? target : undefined
  // What a kubelet before this one has written: steps that it started are not started again.
  const before = new Map()
  if (file !== undefined && existsSync(file)) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [, , step, , what, time, podUid] = line.split(' ')
      if (podUid === undefined) continue
      const steps = before.get(podUid) ?? new Map()
      before.set(podUid, steps.set(step, { ...steps.get(step), [what]: time }))
    }
  }
  const descriptor = file === undefined ? undefined : openSync(file, 'a')
  const append = text => {
    if (descriptor !== undefined) writeSync(descriptor, `${text}\n`)
    else target?.(text)
  }
  return {
    note(pod, step, what, time) {
      const { labels = {}, name, uid } = pod.metadata
      const run = labels['tekton.dev/pipelineRunUID'] ?? labels['tekton.dev/taskRunUID'] ?? uid
      const task = labels['tekton.dev/taskRun'] ?? name
      append(`${run} ${task} ${step} ${attemptOf(name)} ${what} ${time} ${uid}`)
    },
    /** Whether another kubelet can find in it what this one did. */
    remembers: file !== undefined,
    /** By step: when it started and ended, as an earlier kubelet noted. */
    notedBefore: uid => before.get(uid) ?? new Map(),
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
    },
  }
}

function attemptOf(podName) {
  return /-retry(\d+)$/.exec(podName)?.[1] ?? '0'
}
