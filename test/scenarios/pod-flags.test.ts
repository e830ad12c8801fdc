/** Feature flags that change what a Pod does while it runs, through the whole embedded engine. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TaskRun } from '../../src/resources/tekton.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

test('keep-pod-on-cancel: the Pod of an attempt out of time ends itself, sidecars too, and then the next one starts', async () => {
  const status = await statusOf(
    { 'keep-pod-on-cancel': 'true' },
    `
  timeout: 1s
  retries: 1
  taskSpec:
    sidecars: [{ name: s, image: s, script: sleep 1000 }]
    steps: [{ name: a, image: sh, script: "test $(context.task.retry-count) = 1 || sleep 1000" }]`,
  )
  expect(status?.conditions).toMatchObject([{ reason: 'Succeeded' }])
  expect(status?.retriesStatus).toMatchObject([
    {
      conditions: [{ reason: 'TaskRunTimeout' }],
      steps: [{ terminationReason: 'TaskRunTimeout' }],
      // Only a Pod that was not deleted tells of its sidecars' end.
      sidecars: [{ terminated: { message: 'Sidecar container successfully stopped by nop image' } }],
    },
  ])
})

test('enable-kubernetes-sidecar: sidecars start before the steps, and end after them without being asked', async () => {
  const status = await statusOf(
    { 'enable-kubernetes-sidecar': 'true' },
    `
  taskSpec:
    volumes: [{ name: v, emptyDir: {} }]
    stepTemplate: { volumeMounts: [{ name: v, mountPath: /shared }] }
    sidecars:
      - name: s
        image: s
        script: "trap 'exit 0' TERM; touch /shared/up; sleep 1000 & wait"
        startupProbe: { exec: { command: [test, -e, /shared/up] } }
        volumeMounts: [{ name: v, mountPath: /shared }]
    steps: [{ name: a, image: sh, script: "test -e /shared/up" }]`,
  )
  expect(status?.conditions).toMatchObject([{ reason: 'Succeeded' }])
  expect(status?.sidecars).toMatchObject([{ name: 's', terminated: { exitCode: 0, reason: 'Completed' } }])
  expect(status?.sidecars?.[0]?.terminated?.message).toBeUndefined()
})

test('running-in-environment-with-injected-sidecars: a Pod without sidecars is let go on when it runs', async () => {
  const status = await statusOf(
    { 'running-in-environment-with-injected-sidecars': 'true' },
    '{ taskSpec: { steps: [{ name: a, image: sh, script: "true" }] } }',
  )
  expect(status?.conditions).toMatchObject([{ reason: 'Succeeded' }])
})

async function statusOf(flags: Readonly<Record<string, string>>, spec: string): Promise<TaskRun['status']> {
  const folder = temporaryDirectory('pod-flags')
  const [file, config] = [join(folder, 'run.yaml'), join(folder, 'config.yaml')]
  writeFileSync(file, `apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: { name: one }\nspec: ${spec}\n`)
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'feature-flags', namespace: 'tekton-pipelines' },
      data: { 'enable-api-fields': 'alpha', ...flags },
    }),
  )
  const { code, stdout, stderr } = await tektite([
    'run',
    '-f',
    file,
    '--config',
    config,
    '-o',
    'json',
    '--timeout',
    '60s',
  ])
  expect(code, stderr).toBe(0)
  return (JSON.parse(stdout) as { items: TaskRun[] }).items[0]?.status
}
