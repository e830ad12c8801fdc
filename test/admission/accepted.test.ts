/** What looks wrong and is no mistake: refusing it would turn away what works with Tekton. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { yamlCases } from '../helpers/yaml.js'

interface Accepted {
  readonly kind: string
  readonly spec: unknown
}

test.each(yamlCases<Accepted>(new URL('accepted.cases.yaml', import.meta.url)))('takes %s', (_, { kind, spec }) => {
  expect(admit({ apiVersion: 'tekton.dev/v1', kind, metadata: { name: 'x' }, spec })).toMatchObject({ is: 'ok', kind })
})

test('a name may have dots', () => {
  const object = {
    apiVersion: 'tekton.dev/v1',
    kind: 'Task',
    metadata: { name: 'b.c' },
    spec: { steps: [{ image: 'i' }] },
  }
  expect(admit(object)).toMatchObject({ is: 'ok', object: { metadata: { name: 'b.c' } } })
})
