/** What interceptors may do outside, in tests: Services and public hosts are servers on loopback. */
import { createOutside, type OutsideDeps } from '../../listeners/outside.js'
import type { ResolveName } from '../../src/fetch/guard.js'
import type { Outside } from '../../src/trigger/interceptors/outside.js'
import { clusterWith } from './world.js'

/** Services are found at loopback; `rebound.default.svc` stands for the metadata service. */
const resolveName: ResolveName = (host, _options, callback) => {
  if (!host.endsWith('.svc')) callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  else callback(null, [{ address: host.startsWith('rebound.') ? '169.254.169.254' : '127.0.0.1', family: 4 }])
}

export async function outsideFor(change: Partial<OutsideDeps> = {}, ...manifests: readonly string[]): Promise<Outside> {
  const cluster = await clusterWith(...manifests)
  const gitHub = { apiUrl: 'http://127.0.0.1:1', enterpriseHosts: '' }
  return createOutside({ cluster, allowedHosts: '127.0.0.1', gitHub, resolveName, ...change })
}
