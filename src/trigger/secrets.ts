/** The Secrets that a firing may look at, read beforehand. */
import type { Secret } from '../resources/core.js'
import type { SecretRef } from '../resources/triggers.js'

/** By `<namespace>/<name>`; what was looked up and is not there is absent. */
export type Secrets = ReadonlyMap<string, Secret>

export type SecretValue =
  | { readonly is: 'value'; readonly value: string }
  /** Never contains the value. */
  | { readonly is: 'missing'; readonly message: string }

/** Interceptors read Secrets of their own namespace only. */
export function secretValue(secrets: Secrets, namespace: string, ref: SecretRef): SecretValue {
  const name = `${namespace}/${ref.secretName}`
  const secret = secrets.get(name)
  if (secret === undefined) return { is: 'missing', message: `error getting secret: secrets "${name}" not found` }
  const values = decoded.get(secret) ?? new Map<string, SecretValue>()
  const known = values.get(ref.secretKey)
  if (known !== undefined) return known
  const value = valueIn(secret, name, ref.secretKey)
  decoded.set(secret, values.set(ref.secretKey, value))
  return value
}

/** A thousand triggers ask for the same one; kept no longer than the Secret that was read. */
const decoded = new WeakMap<Secret, Map<string, SecretValue>>()

function valueIn(secret: Secret, name: string, key: string): SecretValue {
  const plain = own(secret.stringData, key)
  const encoded = own(secret.data, key)
  const value = plain ?? (encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8'))
  if (value === undefined) {
    return { is: 'missing', message: `error getting secret: cannot find ${key} key in secret ${name}` }
  }
  if (value === '') return { is: 'missing', message: `error getting secret: key ${key} of secret ${name} is empty` }
  return { is: 'value', value }
}

/** A key `constructor` is there only when somebody wrote it. */
function own(values: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

export function asSecretRef(value: unknown): SecretRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { secretName, secretKey } = value as Partial<Record<keyof SecretRef, unknown>>
  return {
    secretName: typeof secretName === 'string' ? secretName : '',
    secretKey: typeof secretKey === 'string' ? secretKey : '',
  }
}
