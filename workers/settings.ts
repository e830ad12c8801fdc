/** The installation's settings, as its ConfigMaps say now: changes count without a restart. */
import type { Cluster } from '../src/cluster/cluster.js'
import type { Log } from '../src/lib/log.js'
import type { ConfigMap } from '../src/resources/core.js'
import { problemsText } from '../src/resources/problem.js'
import { configOf, configProblems, type InstalledConfig, settingsFrom } from '../src/run/config-maps.js'
import { type ConfigNames, placeOf } from '../src/run/config-names.js'
import type { Settings } from '../src/run/settings.js'

export interface LiveSettings {
  /** The same object until something changes. */
  readonly current: () => Settings
  close(): Promise<void>
}

/** Resolves once the ConfigMaps that exist have been read, so that nothing is decided by settings that do not hold. */
export async function followSettings(deps: {
  readonly cluster: Cluster
  readonly names: ConfigNames
  readonly log: Log
  /** What holds where the ConfigMaps say nothing. */
  readonly base?: Settings
}): Promise<LiveSettings> {
  const stop = new AbortController()
  let config: InstalledConfig = {}
  let settings = settingsFrom(config, deps.base)
  let onListed: () => void = () => undefined
  const listed = new Promise<void>(resolve => {
    onListed = resolve
  })

  function take(map: ConfigMap): void {
    const found = configOf(map, deps.names)
    if (found === undefined) return
    const problems = configProblems(found.role, found.data)
    if (problems.length === 0) {
      config = { ...config, [found.role]: found.data }
      return
    }
    // Written past admission. What held before goes on holding.
    const name = `${map.metadata.namespace}/${map.metadata.name}`
    deps.log.warn('settings are not taken over', { configMap: name, problem: problemsText(problems) })
  }

  async function follow(): Promise<void> {
    for await (const change of deps.cluster.watch('ConfigMap', { namespace: placeOf(deps.names) }, stop.signal)) {
      switch (change.type) {
        case 'listed': {
          // A bad one keeps what it said before; one that is gone says nothing any more.
          const kept = change.items.flatMap(item => configOf(item, deps.names)?.role ?? [])
          config = Object.fromEntries(kept.map(role => [role, config[role]]).filter(([, data]) => data !== undefined))
          change.items.forEach(take)
          onListed()
          break
        }
        case 'put':
          take(change.item)
          break
        case 'removed': {
          const role = configOf(change.item, deps.names)?.role
          config = Object.fromEntries(Object.entries(config).filter(([each]) => each !== role))
          break
        }
        default:
          throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
      }
      settings = settingsFrom(config, deps.base)
    }
  }

  const following = follow()
  await Promise.race([listed, following])
  return {
    current: () => settings,
    async close() {
      stop.abort()
      await following
    },
  }
}
