import { expect, test } from 'vitest'
import { collectScripts } from '../../src/pod/scripts.js'
import { cases } from '../helpers/cases.js'

const pod = { namespace: 'ci', name: 'build-pod' }
const owner = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'build', uid: 'u' }

test.each(
  cases({
    'plain text gets a shell that stops at errors': { script: 'a\n', expected: '#!/bin/sh\nset -e\na\n' },
    'its own interpreter stays': { script: '#!/usr/bin/env bash\na', expected: '#!/usr/bin/env bash\na' },
    'blank lines before it do not matter, and go': { script: '\n\n #!/bin/x\na', expected: '#!/bin/x\na' },
    'nothing in it is expanded': { script: '$(date) `x` $$ \\', expected: '#!/bin/sh\nset -e\n$(date) `x` $$ \\' },
  }),
)('script: %s', (_, { script, expected }) => {
  const { annotations, configMap } = collectScripts({ steps: [{}, { script }] }, pod, {}, owner)
  expect(annotations).toEqual({ 'tektite.dev/script-1': expected })
  expect(configMap).toBeUndefined()
})

test('scripts too large for annotations become a ConfigMap of the run; other annotations count, and bytes, not letters', () => {
  const of = (script: string, annotations = {}) => collectScripts({ steps: [{ script }] }, pod, annotations, owner)
  expect(of('x'.repeat(190_000)).configMap).toBeUndefined()
  expect(of('x'.repeat(190_000), { big: 'y'.repeat(20_000) }).configMap).toBeDefined()
  const { annotations, volume, configMap } = of('ä'.repeat(110_000))
  expect(annotations).toEqual({})
  expect(volume).toEqual({
    name: 'tekton-internal-scripts',
    configMap: { name: 'build-pod-scripts', defaultMode: 0o555, items: [{ key: 'script-0', path: 'script-0' }] },
  })
  expect(configMap?.metadata).toEqual({ namespace: 'ci', name: 'build-pod-scripts', ownerReferences: [owner] })
  expect(configMap?.data?.['script-0']).toContain('ä'.repeat(110_000))
})

test('a task without scripts needs no volume', () => {
  expect(collectScripts({ steps: [{}] }, pod, {}, owner)).toEqual({
    annotations: {},
    volume: undefined,
    configMap: undefined,
  })
})
