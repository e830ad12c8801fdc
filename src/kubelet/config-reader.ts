import type { Cluster } from '../cluster/cluster.js'
import type { ConfigMap, Secret } from '../resources/core.js'

/** A ConfigMap or Secret with its values decoded. */
export interface ConfigObject {
  readonly uid: string
  readonly resourceVersion: string
  readonly immutable: boolean
  readonly bytes: Readonly<Record<string, Buffer>>
  /** The values that an environment variable can hold: all of a Secret, `data` of a ConfigMap. */
  readonly texts: Readonly<Record<string, string>>
}

/** Undefined when there is none. */
export type ConfigReader = (kind: 'ConfigMap' | 'Secret', name: string) => Promise<ConfigObject | undefined>

/** Reads each object at most once: all containers of a Pod start with the same values. */
export function configReader(cluster: Cluster, namespace: string): ConfigReader {
  const known = new Map<string, Promise<ConfigObject | undefined>>()
  return (kind, name) => {
    const key = `${kind}/${name}`
    let object = known.get(key)
    if (object === undefined) {
      object = cluster.get(kind, { namespace, name }).then(found => {
        if (found === undefined) return undefined
        return kind === 'Secret' ? decodeSecret(found as Secret) : decodeConfigMap(found as ConfigMap)
      })
      known.set(key, object)
    }
    return object
  }
}

function decodeSecret(secret: Secret): ConfigObject {
  const bytes = Object.fromEntries([...decoded(secret.data, 'base64'), ...decoded(secret.stringData, 'utf8')])
  const texts = Object.fromEntries(Object.entries(bytes).map(([key, value]) => [key, value.toString('utf8')]))
  const { uid, resourceVersion } = secret.metadata
  return { uid, resourceVersion, immutable: secret.immutable === true, bytes, texts }
}

function decodeConfigMap(map: ConfigMap): ConfigObject {
  const bytes = Object.fromEntries([...decoded(map.data, 'utf8'), ...decoded(map.binaryData, 'base64')])
  const { uid, resourceVersion } = map.metadata
  return { uid, resourceVersion, immutable: map.immutable === true, bytes, texts: map.data ?? {} }
}

/** As entries, because a key `__proto__` is data like any other. */
function decoded(
  values: Readonly<Record<string, string>> = {},
  encoding: 'utf8' | 'base64',
): readonly (readonly [string, Buffer])[] {
  return Object.entries(values).map(([key, value]) => [key, Buffer.from(value, encoding)])
}
