/** Custom kinds: where the API server serves them. Built-in kinds are known. */

import { BUILT_IN_KINDS } from '../../resources/kind-table.js'
import { type AnyKind, type CustomKind, isKind } from '../../resources/kinds.js'
import { ClusterError } from '../cluster.js'
import type { Calls } from './calls.js'
import { errorFrom } from './errors.js'
import { isNoSegment, type ServedKind } from './resources.js'

export interface Discovery {
  /** @throws ClusterError 'NotFound' when the API server does not serve the kind */
  find(kind: AnyKind): Promise<ServedKind>
}

/** A definition may be changed; who asks a minute later sees it. */
const KEEP_MS = 60_000

interface Kept {
  readonly served: Promise<ServedKind>
  readonly until: number
}

export function createDiscovery(calls: Calls): Discovery {
  const kept = new Map<AnyKind, Kept>()

  async function read(path: string): Promise<unknown> {
    const reply = await calls.send({ verb: 'get', resource: 'apis', path })
    if (reply.code === 404) return undefined
    if (reply.code !== 200) throw errorFrom(reply, `get ${path}`)
    return JSON.parse(reply.body.toString('utf8')) as unknown
  }

  async function ask(id: CustomKind): Promise<ServedKind> {
    const dot = id.indexOf('.')
    const [kind, group] = [id.slice(0, dot), id.slice(dot + 1)]
    const root = `/apis/${encodeURIComponent(group)}`
    const found = isNoSegment(group) ? undefined : ((await read(root)) as ApiGroup | undefined)
    const version = found?.preferredVersion?.version
    const list = version === undefined ? undefined : ((await read(`${root}/${version}`)) as ResourceList | undefined)
    const resources = list?.resources ?? []
    const resource = resources.find(each => each.kind === kind && !each.name.includes('/'))
    if (version === undefined || resource === undefined) {
      throw new ClusterError('NotFound', `no matches for kind "${kind}" in group "${group}"`)
    }
    const plural = resource.name
    const status = resources.some(each => each.name === `${plural}/status`)
    return { kind, group, version, plural, namespaced: resource.namespaced, status }
  }

  return {
    async find(kind) {
      if (isKind(kind)) return BUILT_IN_KINDS.of(kind)!
      const known = kept.get(kind)
      if (known !== undefined && performance.now() < known.until) return known.served
      const served = ask(kind as CustomKind)
      kept.set(kind, { served, until: performance.now() + KEEP_MS })
      served.catch(() => kept.delete(kind))
      return served
    },
  }
}

interface ApiGroup {
  readonly preferredVersion?: { readonly version: string }
}

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}
