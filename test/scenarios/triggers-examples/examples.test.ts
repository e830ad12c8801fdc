/**
 * Triggers' own examples, on a real `tektite up`: their manifests are applied, their requests posted byte for byte, and
 * what is there afterwards is compared whole with what a real EventListener made of them (`triggers-recorded`), or, where
 * nothing was recorded, with what was written down by reading the template (`expected/`).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { KINDS, type Kind } from '../../../src/resources/kinds.js'
import type { Resource } from '../../../src/resources/meta.js'
import { isDone } from '../../../src/status/conditions.js'
import { SHARED } from '../../helpers/cli.js'
import { apply, callApi, type Engine, pathOf, startEngine, waitUntil } from '../../helpers/engine.js'
import { temporaryDirectory } from '../../helpers/temp-directory.js'
import { clusterWith, objectsIn } from '../../listeners/world.js'
import { comparable } from '../../recorded/comparable.js'
import { differences } from '../../recorded/difference.js'

const EXAMPLES = join(SHARED, 'triggers-examples')
const PIPELINE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: simple-pipeline }
spec:
  tasks: [{ name: t, taskSpec: { steps: [{ image: ubuntu, script: exit 0 }] } }]
`

interface Recorded {
  readonly statusCode: number
  readonly created: readonly Resource[]
}
interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// Without the shared folder this throws, and the file fails: nothing is skipped in silence.
const all = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
const posted = all.filter(folder => existsSync(join(EXAMPLES, folder, 'request.json')))

test('the examples with a request are the six we know', () => {
  expect([...posted].sort()).toEqual([
    'bitbucket-server',
    'embedded-trigger',
    'github',
    'gitlab',
    'label-selector',
    'slack',
  ])
})

test.each(all)('every manifest of %s is accepted and stored', async folder => {
  // Two files may hold one object: each is applied for itself.
  for (const manifest of manifestsOf(folder)) {
    const cluster = await clusterWith(manifest)
    const written = manifest.match(/^kind: \w+$/gm) ?? []
    const stored = await objectsIn(cluster, ...(Object.keys(KINDS) as Kind[]).filter(kind => kind !== 'Namespace'))
    // Each namespace has an account of its own.
    const applied = stored.filter(({ kind, metadata }) => kind !== 'ServiceAccount' || metadata.name !== 'default')
    expect(applied.map(({ kind }) => `kind: ${kind}`).sort()).toEqual([...written].sort())
  }
})

test.each(posted)('the request of %s makes what Tekton made', { timeout: 120_000 }, async folder => {
  const engine = await startEngine(temporaryDirectory('triggers-examples'))
  onTestFinished(async () => {
    await engine.end('SIGTERM')
  })
  await apply(engine, [PIPELINE, ...manifestsOf(folder)].join('\n---\n'))
  const sent = JSON.parse(readFileSync(join(EXAMPLES, folder, 'request.json'), 'utf8')) as Sent
  const wanted = expectationOf(folder)
  const [listener] = await itemsOf(engine, 'EventListener')
  expect(await post(`${engine.hooks}/hooks/default/${listener?.metadata.name}`, sent)).toBe(wanted.statusCode)

  const made = await waitUntil(`the objects of ${folder}`, async () => {
    const runs = [...(await itemsOf(engine, 'PipelineRun')), ...(await itemsOf(engine, 'TaskRun'))]
    const own = runs.filter(run => run.metadata.ownerReferences === undefined)
    // A run that has begun carries the labels that its reconciler adds; none comes after it.
    return own.length > 0 && own.every(isDone) && own
  })
  const known = (path: string) => DEFAULTS.test(path)
  const found = differences(comparable(wanted.created), comparable(made.map(asRecorded)))
  expect(found.filter(({ path, recorded }) => !(recorded === undefined && known(path)))).toEqual([])
  for (const { metadata } of made) expect(metadata.name).toMatch(/-run-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

/** Tekton's admission webhook fills these in; the recorded cluster had none. */
const DEFAULTS = /^\w+ \S+\.spec\.(timeouts?|serviceAccountName|taskRunTemplate(\.serviceAccountName)?)$/

function manifestsOf(folder: string): readonly string[] {
  const at = join(EXAMPLES, folder)
  return readdirSync(at)
    .filter(file => file.endsWith('.yaml'))
    .map(file => readFileSync(join(at, file), 'utf8'))
}

function expectationOf(folder: string): Recorded {
  const recorded = join(SHARED, 'triggers-recorded', `${folder}.json`)
  const file = existsSync(recorded) ? recorded : join(import.meta.dirname, 'expected', `${folder}.json`)
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded
}

/** As the README of the recordings says: metadata and spec as created, without times and versions. */
function asRecorded({ status: _, ...object }: Resource & { readonly status?: unknown }): Resource {
  const { creationTimestamp: _time, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata
  return { ...object, metadata: metadata as Resource['metadata'] }
}

async function itemsOf(
  engine: Engine,
  kind: 'EventListener' | 'PipelineRun' | 'TaskRun',
): Promise<readonly (Resource & { readonly status?: object })[]> {
  const { body } = await callApi(engine, 'GET', pathOf(kind))
  return body['items'] as readonly Resource[]
}

/** `fetch` would add headers of its own, and a Content-Type where the sender gave none. */
function post(url: string, { headers, body }: Sent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers, agent: false }, response => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sending.on('error', reject).end(body)
  })
}
