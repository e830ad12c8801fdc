/** Which login a pull secret has for a repository. Secrets are `kubernetes.io/dockerconfigjson`, or the older `dockercfg`. */
import type { Cluster } from '../cluster/cluster.js'
import { isRecord } from '../resources/shape.js'

export interface Login {
  readonly username: string
  readonly password: string
}

/** Of the secrets that the request names, then of those of its service account; what is missing or unreadable is none. */
export async function pullLogin(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  { secrets, serviceAccount }: { readonly secrets: readonly string[]; readonly serviceAccount: string },
  repository: string,
): Promise<Login | undefined> {
  const account = await cluster.get('ServiceAccount', { namespace, name: serviceAccount })
  const names = [...secrets, ...(account?.imagePullSecrets ?? []).map(({ name }) => name)].filter(Boolean)
  for (const name of names) {
    const found = await cluster.get('Secret', { namespace, name: name ?? '' })
    const config = found?.data?.['.dockerconfigjson']
    const older = found?.data?.['.dockercfg']
    const parsed = parse(config ?? older)
    const auths = config === undefined ? parsed : isRecord(parsed?.['auths']) ? parsed['auths'] : undefined
    const login = auths && loginFor(auths, repository)
    if (login) return login
  }
  return undefined
}

/** The entry with the longest matching path: `registry/team/app` goes over `registry/team` and `registry`. */
export function loginFor(auths: Readonly<Record<string, unknown>>, repository: string): Login | undefined {
  const fitting = Object.entries(auths)
    .map(([key, entry]) => ({ place: placeOf(key), login: loginOf(entry) }))
    .filter(({ place }) => covers(place, repository))
    .sort((a, b) => b.place.length - a.place.length)
  return fitting.find(({ login }) => login !== undefined)?.login
}

/** `https://index.docker.io/v1/` and `docker.io` are the same place. */
function placeOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '')
  return bare.replace(/^(docker\.io|registry-1\.docker\.io)(?=$|\/)/, 'index.docker.io')
}

/** `*.example.com` stands for one label, as in Kubernetes. */
function covers(place: string, repository: string): boolean {
  const [host = '', ...path] = place.split('/')
  const [ownHost = '', ...ownPath] = repository.split('/')
  const labels = host.split('.')
  const ownLabels = ownHost.split('.')
  const sameHost =
    labels.length === ownLabels.length &&
    labels.every((label, index) => label === ownLabels[index] || (label === '*' && ownLabels[index] !== ''))
  return host !== '' && sameHost && path.every((part, index) => part === ownPath[index])
}

function loginOf(entry: unknown): Login | undefined {
  if (!isRecord(entry)) return undefined
  const { auth, username, password } = entry
  if (typeof auth === 'string' && auth !== '') {
    const [, user = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? []
    return user === '' ? undefined : { username: user, password: secret }
  }
  return typeof username === 'string' && typeof password === 'string' && username !== ''
    ? { username, password }
    : undefined
}

function parse(base64: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (base64 === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
