/**
 * Whatever Task and TaskRun admission lets in, an API server of Kubernetes takes the Pod: by its schema, in which unknown
 * fields are refused, and by the rules that the schema does not say.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { frozen } from '../helpers/frozen.js'
import { kubernetesSchemaProblems } from '../helpers/kubernetes-schema.js'
import { podProblems } from '../helpers/pod-rules.js'
import { entrypointThere, podMaterial, worldFor } from '../helpers/task-run-world.js'
import { taskRunAndWorld } from './any-task.js'

test('every Pod that we build is one that Kubernetes takes', () => {
  const seen = { pods: 0, mistakes: new Set<string>() }
  fc.assert(
    fc.property(taskRunAndWorld, ({ run, from, material, flags, entrypoint, attempt }) => {
      const admitted = admitManifests([{ file: 'run.json', text: JSON.stringify(run) }])
      fc.pre(admitted.is !== 'refused')
      const subject = frozen({
        ...(run as unknown as TaskRun),
        metadata: { uid: 'run-uid', resourceVersion: '1', creationTimestamp: '2026-01-02T03:04:05Z', ...run.metadata },
        ...(attempt > 0 && { status: { retriesStatus: Array.from({ length: attempt }, () => ({})) } }),
      } as TaskRun)
      const settings = { ...DEFAULT_SETTINGS, flags: { ...DEFAULT_SETTINGS.flags, ...flags } }
      const world = worldFor(subject, {
        settings,
        task: { is: 'found', value: subject.spec.taskSpec!, ...(from && { from }) },
        toMakePod: podMaterial({ ...material, entrypoint: entrypointThere({ offer: entrypoint }) }),
      })
      const decision = reconcileTaskRun(subject, world)
      const made = decision.actions.flatMap(one => (one.do === 'create' ? [one] : []))
      const problems = made.flatMap(one => [
        ...kubernetesSchemaProblems(one.object as { apiVersion: string; kind: string }),
        ...(one.kind === 'Pod' ? podProblems(one.object) : []),
      ])
      expect(problems).toEqual([])
      if (made.some(({ kind }) => kind === 'Pod')) seen.pods += 1
      else seen.mistakes.add(succeededCondition({ status: decision.status })?.message ?? 'nothing was said')
    }),
    { numRuns: 100 },
  )
  // Else nothing was shown.
  expect(seen.pods).toBeGreaterThan(50)
})
