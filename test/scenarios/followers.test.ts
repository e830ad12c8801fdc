/**
 * Clients that follow: the informer of `@kubernetes/client-node`, `kubectl wait` and `kubectl logs --follow`, each beside a
 * PipelineRun that is really running, from its start to its end.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CoreV1Api, CustomObjectsApi, KubeConfig, type KubernetesObject, makeInformer } from '@kubernetes/client-node'
import { expect, onTestFinished, test } from 'vitest'
import type { Pod } from '../../src/resources/core.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { apply, engineOfFile, pipelineRuns, waitUntil } from '../helpers/engine.js'
import { KUBECTLS } from '../helpers/kubectl.js'

const engine = engineOfFile('followers')

/** Goes on when the file is there, so that whoever follows is there before the end. */
const runText = (name: string, gate: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name} }
spec:
  pipelineSpec:
    tasks:
      - name: wait
        taskSpec:
          steps:
            - name: say
              image: sh
              script: |
                echo the first line
                until test -e ${gate}; do sleep 0.05; done
                echo the last line
`

/** What is seen through an informer of one collection. */
function follow<T extends { readonly metadata: { readonly name: string; readonly resourceVersion: string } }>(
  config: KubeConfig,
  path: string,
  list: () => Promise<unknown>,
) {
  const events: { readonly type: string; readonly object: T }[] = []
  const informer = makeInformer<KubernetesObject>(config, path, list as never)
  for (const type of ['add', 'update', 'delete'] as const) {
    informer.on(type, object => void events.push({ type, object: object as unknown as T }))
  }
  const problems: unknown[] = []
  informer.on('error', error => void problems.push(error))
  onTestFinished(() => informer.stop())
  return {
    problems,
    start: () => informer.start(),
    of: (name: string) => events.filter(({ object }) => object.metadata.name === name),
    newest: () => events.at(-1)?.object,
    all: () => events,
  }
}

interface Told {
  readonly process: ChildProcess
  readonly out: () => string
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly errors: string }>
}

function kubectl(folder: string, ...args: readonly string[]): Told {
  const env = { ...process.env, KUBECONFIG: join(engine.data, 'kubeconfig') }
  const child = spawn(join(folder, 'kubectl'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, errors }))
  return { process: child, out: () => out, ended }
}

const verdict = (run: PipelineRun | undefined) => run?.status?.conditions?.find(each => each.type === 'Succeeded')

test.each(KUBECTLS)(
  'an informer, kubectl $version wait and logs --follow see a run from start to end',
  async ({ folder, version }) => {
    const name = `followed-by-${version.replaceAll('.', '-')}`
    const gate = join(engine.folder, name)
    const config = new KubeConfig()
    config.loadFromFile(join(engine.data, 'kubeconfig'))
    const custom = config.makeApiClient(CustomObjectsApi)
    const core = config.makeApiClient(CoreV1Api)
    const kind = { group: 'tekton.dev', version: 'v1', namespace: 'default', plural: 'pipelineruns' }
    const runs = follow<PipelineRun>(config, '/apis/tekton.dev/v1/namespaces/default/pipelineruns', () =>
      custom.listNamespacedCustomObject(kind),
    )
    const pods = follow<Pod>(config, '/api/v1/namespaces/default/pods', () =>
      core.listNamespacedPod({ namespace: 'default' }),
    )
    await Promise.all([runs.start(), pods.start()])

    await apply(engine, runText(name, gate))
    await waitUntil('the informer to see the run', () => runs.of(name).length > 0)
    expect(runs.of(name)[0]?.type).toBe('add')
    const waiting = kubectl(folder, 'wait', '--for=condition=Succeeded', `pipelinerun/${name}`, '--timeout=60s')
    const pod = await waitUntil('the informer to see the Pod run', () => {
      const running = pods.all().findLast(({ object }) => object.metadata.labels?.['tekton.dev/pipelineRun'] === name)
      return running?.object.status?.phase === 'Running' && running.object.metadata.name
    })
    const logs = kubectl(folder, 'logs', '--follow', pod, '--container=step-say')
    await waitUntil('the log to begin', () => logs.out() === 'the first line\n')
    expect([waiting.process.exitCode, verdict(runs.newest())?.status]).toEqual([null, 'Unknown'])

    writeFileSync(gate, '')
    expect(await waiting.ended).toEqual({ code: 0, out: `pipelinerun.tekton.dev/${name} condition met\n`, errors: '' })
    expect(await logs.ended).toEqual({ code: 0, out: 'the first line\nthe last line\n', errors: '' })
    const done = await waitUntil('the informer to see the end', () => {
      const newest = runs.of(name).at(-1)?.object
      return verdict(newest)?.status === 'True' && newest
    })
    const stored = (await pipelineRuns(engine)).find(run => run.metadata.name === name)
    expect(done).toEqual(stored)
    const versions = runs.of(name).map(({ object }) => Number(object.metadata.resourceVersion))
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))

    const deleting = kubectl(folder, 'delete', 'pipelinerun', name)
    expect(await deleting.ended).toMatchObject({ code: 0, errors: '' })
    await waitUntil('the informers to see run and Pod go', () =>
      [runs.of(name), pods.of(pod)].every(events => events.at(-1)?.type === 'delete'),
    )
    expect([...runs.problems, ...pods.problems]).toEqual([])
  },
)
