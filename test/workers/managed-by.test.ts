/** Two engines on one cluster: each takes what names it, and the children of what it took. */
import { expect, test } from 'vitest'
import { storeWith } from '../reconcile/real-store.js'
import { endPod } from './fake-kubelet.js'
import { finished, startEngine } from './world.js'

function run(name: string, managedBy: string): string {
  return `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name} }
spec:
  ${managedBy}
  pipelineSpec:
    tasks:
      - name: task
        taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
      - name: nested
        pipelineSpec: { tasks: [{ name: inner, taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] } }] }
`
}

test('runs are taken by whom they name, nobody’s by Tekton; children name the same', async () => {
  const manifests = [run('ours', 'managedBy: tektite.dev/pipeline'), run('named', 'managedBy: tekton.dev/pipeline')]
  const cluster = await storeWith(...manifests, run('nobodys', ''), run('strangers', 'managedBy: example.com/x'))
  startEngine(cluster, { settings: { managedBy: 'tektite.dev/pipeline' } })
  for (const task of ['task', 'nested-inner']) await endPod(cluster, `ours-${task}-pod`)
  await finished(cluster, 'ours')
  const ofEach = async () => {
    const runs = [...(await cluster.list('PipelineRun')), ...(await cluster.list('TaskRun'))]
    return Object.fromEntries(runs.map(({ metadata, spec }) => [metadata.name, spec.managedBy]))
  }
  const first = {
    ours: 'tektite.dev/pipeline',
    'ours-task': 'tektite.dev/pipeline',
    'ours-nested': 'tektite.dev/pipeline',
    'ours-nested-inner': 'tektite.dev/pipeline',
    named: 'tekton.dev/pipeline',
    nobodys: undefined,
    strangers: 'example.com/x',
  }
  expect(await ofEach()).toEqual(first)

  startEngine(cluster)
  for (const name of ['named', 'nobodys']) {
    for (const task of ['task', 'nested-inner']) await endPod(cluster, `${name}-${task}-pod`)
    await finished(cluster, name)
  }
  expect(await ofEach()).toEqual({
    ...first,
    'named-task': undefined,
    'named-nested': undefined,
    'named-nested-inner': undefined,
    'nobodys-task': undefined,
    'nobodys-nested': undefined,
    'nobodys-nested-inner': undefined,
  })
})
