/** A file of a git repository: by git itself, or by the API of the host that has it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from '../cluster/cluster.js'
import type { Guard } from '../fetch/guard.js'
import { fetchByApi } from './git-api.js'
import { fetchByGit } from './git-fetch.js'
import { GIT_DEFAULTS, readGitParams } from './git-params.js'
import type { Found, Resolver, Retry } from './resolver.js'
import { fetchTimeoutMs, retryFrom } from './retry.js'
import { secretKey } from './secret-key.js'

const RETRY: Retry = { attempts: 2, firstMs: 2_000, factor: 2, jitter: 0.1, capMs: 10_000 }
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/i

export interface GitResolverDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly guard: () => Promise<Guard>
  /** The `PATH` that git is found on. */
  readonly path: string
  readonly tempDir: string
}

export function createGitResolver({ cluster, guard, path, tempDir }: GitResolverDeps): Resolver {
  return {
    type: 'git',
    name: 'Git',
    configMap: 'git-resolver-config',
    flag: 'enable-git-resolver',
    defaults: GIT_DEFAULTS,
    prepare(request) {
      const { namespace, params } = request
      const asked = readGitParams(request)
      if (typeof asked === 'string') return { is: 'wrong', message: asked }
      const { config } = asked
      const timeoutMs = fetchTimeoutMs(config)
      if (timeoutMs === undefined) {
        return { is: 'wrong', message: `time: invalid duration ${JSON.stringify(config.get('fetch-timeout'))}` }
      }
      const byGit = async (signal: AbortSignal): Promise<Found> => {
        const secret = params.get('gitToken')
        const token = secret ? await secretKey(cluster, namespace, secret, params.get('gitTokenKey') || 'token') : ''
        const directory = await mkdtemp(join(tempDir, 'tektite-git-'))
        try {
          return await fetchByGit(asked, { directory, path, token, guard: await guard(), signal })
        } finally {
          await rm(directory, { recursive: true, force: true })
        }
      }
      return {
        is: 'ready',
        immutable: COMMIT.test(asked.revision),
        cacheable: true,
        // The installation's own token, too, is for those whom the installation lets use it: for each namespace apart.
        withSecrets: asked.url === '' || Boolean(params.get('gitToken')),
        timeoutMs,
        retry: retryFrom(config, RETRY),
        fetch: async signal =>
          asked.url === ''
            ? fetchByApi(asked, { cluster, namespace, params, guard: await guard(), signal })
            : byGit(signal),
      }
    },
  }
}
