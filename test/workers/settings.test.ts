/** Settings that follow the ConfigMaps of a real store. */
import { expect, onTestFinished, test } from 'vitest'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { CONFIG_NAMES, CONFIG_NAMESPACE } from '../../src/run/config-names.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { followSettings } from '../../workers/settings.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from '../listeners/world.js'
import { storeWith } from '../reconcile/real-store.js'

async function follow(cluster: EmbeddedCluster) {
  const { lines, log } = recordingLog()
  const live = await followSettings({ cluster, names: CONFIG_NAMES, log })
  onTestFinished(() => live.close())
  return { live, lines }
}

async function put(cluster: EmbeddedCluster, name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const key = { namespace: CONFIG_NAMESPACE, name }
  const existing = await cluster.get('ConfigMap', key)
  if (existing) await cluster.replace('ConfigMap', { ...existing, data })
  else await cluster.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data })
}

test('what stands in the store counts from the first moment on', async () => {
  const cluster = await storeWith()
  await put(cluster, 'config-defaults', { 'default-timeout-minutes': '7' })
  const { live } = await follow(cluster)
  expect(live.current().timeoutMinutes).toBe(7)
})

test('a change counts without a restart, a removal gives the defaults back', async () => {
  const cluster = await storeWith()
  const { live } = await follow(cluster)
  expect(live.current()).toEqual(DEFAULT_SETTINGS)
  await put(cluster, 'feature-flags', { coschedule: 'workspaces' })
  await put(cluster, 'config-defaults', { 'default-service-account': 'robot' })
  await until('both to be read', async () => live.current().serviceAccount === 'robot')
  expect(live.current().flags.coschedule).toBe('workspaces')
  await cluster.delete('ConfigMap', { namespace: CONFIG_NAMESPACE, name: 'feature-flags' })
  await until('the flags to be gone', async () => live.current().flags.coschedule === 'disabled')
  expect(live.current().serviceAccount).toBe('robot')
})

test('a bad value keeps what held before, and is told once', async () => {
  const cluster = await storeWith()
  const { live, lines } = await follow(cluster)
  await put(cluster, 'config-defaults', { 'default-timeout-minutes': '7' })
  // Past admission: nobody checked this one.
  await put(cluster, 'config-defaults', { 'default-timeout-minutes': 'soon', 'default-service-account': 'robot' })
  await until('the warning', async () => lines.length > 0)
  expect(live.current()).toEqual({ ...DEFAULT_SETTINGS, timeoutMinutes: 7 })
  expect(lines).toMatchObject([
    {
      configMap: 'tekton-pipelines/config-defaults',
      problem: 'failed parsing default config "default-timeout-minutes"',
    },
  ])
})

test('a namesake in another namespace says nothing', async () => {
  const cluster = await storeWith()
  const { live } = await follow(cluster)
  await cluster.create('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'config-defaults' },
    data: { 'default-timeout-minutes': '1' },
  })
  await put(cluster, 'config-defaults', { 'default-service-account': 'robot' })
  await until('the other to be read', async () => live.current().serviceAccount === 'robot')
  expect(live.current().timeoutMinutes).toBe(60)
})
