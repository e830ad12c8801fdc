import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { admitUpdate } from '../../src/admission/admit-update.js'
import type { AnyResource } from '../../src/resources/kinds.js'
import { problemText } from '../../src/resources/problem.js'
import { yaml, yamlCases } from '../helpers/yaml.js'

const table = yamlCases<{ manifest: object; message: string }>(new URL('refusals.yaml', import.meta.url))

test.each(table)('%s', (_, { manifest, message }) => {
  const admission = admit(manifest)
  expect(admission.is === 'refused' && admission.problems.map(problemText)).toContain(message)
})

const STARTED = yaml<AnyResource>`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: t, namespace: default }
spec: { taskRef: { name: t }, params: [{ name: a, value: "1" }] }
status: { startTime: "2026-01-02T03:04:05Z", conditions: [{ type: Succeeded, status: Unknown, reason: Running }] }
`
const DONE = {
  ...STARTED,
  status: { conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }] },
} as AnyResource

const changed = (spec: object) =>
  ({ ...STARTED, spec: { ...(STARTED as { spec: object }).spec, ...spec } }) as AnyResource
/** As the API does: what comes in is admitted first. */
function update(stored: AnyResource, next: AnyResource): readonly string[] {
  const admission = admit(next)
  if (admission.is === 'refused') throw new Error(JSON.stringify(admission.problems))
  return admitUpdate(stored, admission.object).map(problemText)
}

test('34.42 of a run that has started only the status may change, of one that is done nothing', () => {
  expect(update(STARTED, changed({ params: [{ name: 'a', value: '2' }] }))).toEqual([
    'invalid value: Once the TaskRun has started, only status and statusMessage updates are allowed: spec',
  ])
  expect(update(STARTED, changed({ status: 'TaskRunCancelled', statusMessage: 'enough' }))).toEqual([])
  expect(update(DONE, changed({ status: 'TaskRunCancelled' }))).toEqual([
    'invalid value: Once the TaskRun is complete, no updates are allowed: spec',
  ])
})
