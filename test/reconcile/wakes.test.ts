import { expect, test } from 'vitest'
import {
  digestOf,
  type Watched,
  wakesAfterList,
  wakesAfterPut,
  wakesAfterRemoval,
} from '../../src/reconcile/wake/wakes.js'
import type { Pod } from '../../src/resources/core.js'
import { yaml } from '../helpers/yaml.js'

type Run = Exclude<Watched, Pod>

const object = (kind: Run['kind'], status: string, owner = '', generation = 1) =>
  yaml<Run>(`
    apiVersion: tekton.dev/v1
    kind: ${kind}
    metadata: { name: x, namespace: ns, uid: u, generation: ${generation}, ownerReferences: [${owner}] }
    status: { conditions: [{ type: Succeeded, status: "${status}" }] }
  `)
const ownedBy = (kind: string) => `{ apiVersion: tekton.dev/v1, kind: ${kind}, name: parent, uid: p, controller: true }`

test('a new run wakes itself', () => {
  expect(wakesAfterPut(object('PipelineRun', 'Unknown'), undefined)).toEqual(['PipelineRun/ns/x'])
})

test('a status that our own pass wrote wakes nobody', () => {
  const run = object('TaskRun', 'Unknown', ownedBy('PipelineRun'))
  expect(wakesAfterPut(run, digestOf(run))).toEqual([])
})

test('a changed spec wakes the run', () => {
  const before = digestOf(object('TaskRun', 'Unknown', ownedBy('PipelineRun')))
  expect(wakesAfterPut(object('TaskRun', 'Unknown', ownedBy('PipelineRun'), 2), before)).toEqual(['TaskRun/ns/x'])
})

test('the end of a child wakes its owner, once', () => {
  const running = digestOf(object('TaskRun', 'Unknown', ownedBy('PipelineRun')))
  const done = object('TaskRun', 'True', ownedBy('PipelineRun'))
  expect(wakesAfterPut(done, running)).toEqual(['PipelineRun/ns/parent'])
  expect(wakesAfterPut(done, digestOf(done))).toEqual([])
})

test('what is removed wakes its owner', () => {
  expect(wakesAfterRemoval(object('TaskRun', 'Unknown', ownedBy('PipelineRun')))).toEqual(['PipelineRun/ns/parent'])
})

test('an owner that is no controller, or of a foreign group, is not woken', () => {
  const child = (owner: string) => object('TaskRun', 'Unknown', owner)
  expect(wakesAfterRemoval(child(ownedBy('PipelineRun').replace('true', 'false')))).toEqual([])
  expect(wakesAfterRemoval(child(ownedBy('PipelineRun').replace('tekton.dev', 'evil.dev')))).toEqual([])
})

test('a fresh list wakes every unfinished run and nothing else', () => {
  expect(wakesAfterList(object('PipelineRun', 'Unknown'))).toEqual(['PipelineRun/ns/x'])
  expect(wakesAfterList(object('PipelineRun', 'False'))).toEqual([])
  const pod = yaml<Pod>('{ apiVersion: v1, kind: Pod, metadata: { name: x, namespace: ns, uid: u }, spec: {} }')
  expect(wakesAfterList(pod)).toEqual([])
})
