import { expect, test } from 'vitest'
import { admitWith } from '../../src/admission/admit.js'

const run = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run', annotations },
  spec: { pipelineRef: { name: 'build' } },
})
const namespace = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'ci', annotations },
})
const config = (data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tektite-config', namespace: 'tekton-pipelines' },
  data,
})

test.each([
  [run({ 'tektite.dev/ttl-seconds-after-success': '1h' }), 'invalid value: "1h"'],
  [run({ 'tektite.dev/keep': 'yes' }), 'invalid value: "yes"'],
  [run({ 'tektite.dev/keep-last-failure': '3' }), 'tektite.dev/keep-last-failure means nothing here'],
  [namespace({ 'tektite.dev/keep-last-failure': 'three' }), 'invalid value: "three"'],
  [config({ 'ttl-seconds-after-success': '-1' }), 'invalid value: "-1"'],
  [config({ 'ttl-after-success': '1' }), 'ttl-after-success means nothing here'],
])('%j is refused', (object, message) => {
  const admission = admitWith({}, object)
  expect(admission.is === 'refused' && admission.problems.map(problem => problem.message)).toEqual([message])
})

test.each([
  [run({ 'tektite.dev/ttl-seconds-after-success': '3600', 'tektite.dev/keep': 'false' })],
  [namespace({ 'tektite.dev/keep-last-failure': '3', 'tektite.dev/ttl-seconds-after-finished': 'never' })],
  [config({ 'archive-ttl-seconds': 'never', 'keep-last-success': '10' })],
])('%j is taken', object => {
  expect(admitWith({}, object).is).toBe('ok')
})
