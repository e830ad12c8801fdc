import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly spec: string
  readonly name?: string
  /** Lines of what a user reads: message, and where. */
  readonly says?: readonly string[]
}

const TEMPLATE = 'template: { ref: build }'

function admit(spec: string, name = 'nightly') {
  const text = `apiVersion: tektite.dev/v1alpha1\nkind: Schedule\nmetadata: { name: ${name} }\nspec:\n${spec.replace(/^/gm, '  ')}\n`
  return admitManifests([{ file: 'schedule.yaml', text: text.replace('TEMPLATE', TEMPLATE) }])
}

test.each(yamlCases<Case>(new URL('./validate.cases.yaml', import.meta.url)))('%s', (_, { spec, name, says = [] }) => {
  const admitted = admit(spec, name)
  expect(admitted.is === 'ok' ? [] : admitted.problems.map(problemText)).toEqual(says)
  if (admitted.is === 'refused') {
    expect(admitted.problems.filter(({ line }) => line === undefined)).toEqual([])
  }
})

test('what CronJob fills in is filled in', () => {
  const admitted = admit('schedule: "@daily"\nbindings: [{ ref: body }]\nTEMPLATE')
  expect(admitted.is === 'ok' && admitted.objects[0]).toEqual({
    apiVersion: 'tektite.dev/v1alpha1',
    kind: 'Schedule',
    metadata: { name: 'nightly', namespace: 'default' },
    spec: {
      schedule: '@daily',
      timeZone: 'UTC',
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulRunsHistoryLimit: 3,
      failedRunsHistoryLimit: 1,
      bindings: [{ ref: 'body', kind: 'TriggerBinding' }],
      template: { ref: 'build' },
    },
  })
})
