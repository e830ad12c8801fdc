/** Those who use the API while all this goes on: one who applies and reads, one who cancels, one who tests every write. */
import { readFileSync } from 'node:fs'
import { admitManifests } from '../../../dist/src/admission/admit.js'
import { apiVersionOf, KINDS } from '../../../dist/src/resources/kinds.js'
import { pause } from './processes.js'
import { recordOf } from './records.js'

const PROBE_PAUSE_MS = 150

export function createApiClient(api, token) {
  /** @returns `{ status, body }`; status 0 when there was no answer */
  async function call(method, path, body, contentType = 'application/json') {
    try {
      const response = await fetch(api + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
        signal: AbortSignal.timeout(10_000),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    } catch {
      return { status: 0, body: undefined }
    }
  }

  /** As often as it takes. @throws on a no */
  async function persistently(method, path, body, contentType) {
    for (;;) {
      const answer = await call(method, path, body, contentType)
      if (answer.status >= 200 && answer.status < 300) return answer.body
      if (answer.status !== 0 && answer.status < 500)
        throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
      await pause(50)
    }
  }

  return {
    call,
    async apply(file) {
      const admitted = admitManifests([{ file, text: readFileSync(file, 'utf8') }])
      if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
      for (const object of admitted.objects) await persistently('POST', pathOf(object.kind), object)
    },
    create: object => persistently('POST', pathOf(object.kind), object),
    /** Every object of a kind as a record, and the version of the list. */
    async list(kind) {
      const records = []
      let version
      for (let next = ''; next !== undefined; ) {
        const { metadata, items } = await persistently('GET', `${pathOf(kind)}?limit=500${next && `&continue=${next}`}`)
        version = Number(metadata.resourceVersion)
        records.push(...items.map(item => recordOf({ kind, ...item })))
        next = metadata.continue ? encodeURIComponent(metadata.continue) : undefined
      }
      return { records, version }
    },
    /** Asks a run to end, and keeps on until the API has taken that. @returns when it had, and what the run was then */
    async cancel(name) {
      const path = `${pathOf('PipelineRun')}/${name}`
      for (;;) {
        const { status, body } = await call(
          'PATCH',
          path,
          { spec: { status: 'Cancelled' } },
          'application/merge-patch+json',
        )
        if (status === 200) return { name, ackedAt: Date.now(), succeeded: recordOf(body).succeeded }
        // It was over before: then there is nothing to cancel.
        if (status >= 400 && status < 500 && status !== 409) return { name, refused: status }
        await pause(50)
      }
    },
  }
}

export function pathOf(kind) {
  const version = apiVersionOf(kind)
  return `${version.includes('/') ? '/apis/' : '/api/'}${version}/namespaces/default/${KINDS[kind].plural}`
}

/**
 * Writes one object again and again, and now and then with a version that is no longer the newest.
 * @returns what was tried, and what came of it
 */
export function startProbing(client) {
  const probes = []
  let stopped = false
  async function probe() {
    const path = `${pathOf('ConfigMap')}/probe`
    let value = 0
    let last
    while (!stopped) {
      const now = await client.call('GET', path)
      if (now.status === 200) {
        const text = `value ${++value}`
        const { status, body } = await client.call('PUT', path, { ...now.body, data: { value: text } })
        if (status === 200) probes.push({ is: 'written', value: text, version: Number(body.metadata.resourceVersion) })
        else probes.push({ is: status === 0 ? 'uncertain' : `refused ${status}`, value: text })
        if (last !== undefined && status === 200) {
          const stale = `stale ${value}`
          const answer = await client.call('PUT', path, { ...last, data: { value: stale } })
          if (answer.status !== 0) probes.push({ is: 'stale', value: stale, status: answer.status })
        }
        last = now.body
      }
      await pause(PROBE_PAUSE_MS)
    }
  }
  const probing = client
    .create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' }, data: { value: 'value 0' } })
    .then(probe)
  return {
    async stop() {
      stopped = true
      await probing
      return probes
    },
  }
}
