/** `trigger/<case>.in.yaml` (manifests and a request) → `.out.yaml` (verdicts and what was created). `npm run golden:update` rewrites. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { createDispatcher } from '../../listeners/dispatch.js'
import { SILENT } from '../../src/lib/log.js'
import { toYaml, yaml } from '../helpers/yaml.js'
import { clusterWith, objectsIn, record } from '../listeners/world.js'

interface Golden {
  readonly manifests: readonly unknown[]
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: unknown }
}

const folder = new URL('trigger/', import.meta.url)
const names = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))

test.each(names)('trigger: %s', async name => {
  const { manifests, request } = yaml<Golden>(read(`${name}.in.yaml`))
  const cluster = await clusterWith(...manifests.map(manifest => stringify(manifest)))
  const dispatch = createDispatcher({ cluster, admission: () => ({}), log: SILENT })
  const sent = { headers: request.headers, body: JSON.stringify(request.body) }
  const verdicts = await dispatch(record('ci/app', sent))
  const objects = await objectsIn(cluster, 'PipelineRun', 'TaskRun', 'ConfigMap')
  const created = objects.map(({ metadata, ...rest }) => {
    const {
      uid: _uid,
      resourceVersion: _version,
      creationTimestamp: _created,
      generation: _generation,
      ...kept
    } = metadata
    return { ...rest, metadata: kept }
  })
  const made = toYaml({ verdicts, created })
  if (process.env['UPDATE_GOLDEN']) writeFileSync(new URL(`${name}.out.yaml`, folder), made)
  expect(made).toBe(read(`${name}.out.yaml`))
})

test('every golden trigger still has its case', () => {
  const outs = readdirSync(folder).filter(file => file.endsWith('.out.yaml'))
  expect(outs.filter(file => !existsSync(new URL(file.replace('.out.', '.in.'), folder)))).toEqual([])
  expect(outs.length).toBeGreaterThanOrEqual(3)
})

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}
