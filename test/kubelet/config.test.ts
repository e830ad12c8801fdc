/** Keys of ConfigMaps and Secrets that mean something to JavaScript: data like any other. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { configReader } from '../../src/kubelet/config-reader.js'
import { environmentOf } from '../../src/kubelet/environment.js'
import { filesOf } from '../../src/kubelet/volume-files.js'
import type { Container, Pod } from '../../src/resources/core.js'

const data = JSON.parse('{"__proto__":"ZXZpbA==","plain":"dGV4dA=="}')
const metadata = { namespace: 'ci', name: 'keys', uid: 'u', resourceVersion: '1', creationTimestamp: '' }
const read = configReader({ get: async () => ({ kind: 'Secret', metadata, data }) } as unknown as Cluster, 'ci')
const pod = { metadata } as unknown as Pod

test('a key __proto__ becomes a file', async () => {
  const { bytes = {} } = (await read('Secret', 'keys')) ?? {}
  const files = filesOf(bytes, undefined, 0o644, false)
  expect(files).toEqual([
    { path: '__proto__', bytes: Buffer.from('evil'), mode: 0o644 },
    { path: 'plain', bytes: Buffer.from('text'), mode: 0o644 },
  ])
})

test.each(['constructor', 'toString', 'missing'])('a key %s that is not there is not there', async key => {
  const { bytes = {} } = (await read('Secret', 'keys')) ?? {}
  expect(filesOf(bytes, [{ key, path: 'p' }], 0o644, false)).toBe(`references non-existent config key: ${key}`)
  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key } } }]
  const made = await environmentOf(pod, { name: 'c', image: 'any', env } as Container, {}, read)
  const message = `couldn't find key ${key} in Secret ci/keys`
  expect(made).toEqual({ kind: 'problem', problem: { reason: 'CreateContainerConfigError', message } })
})
