/** What is hidden in the output of a Pod's containers: every value of every Secret that it was given anything of. */
import { maskPatterns } from '../logs/mask-patterns.js'
import { MASK_SECRETS_ANNOTATION } from '../resources/annotations.js'
import type { Pod } from '../resources/core.js'
import type { ConfigReader } from './config-reader.js'

export interface SecretValues {
  /** The same reader; what it reads of Secrets is kept. */
  noting(read: ConfigReader): ConfigReader
  /** Of all that was read so far, older versions of a Secret too: a container may have got those. None when it is off. */
  patterns(pod: Pod): readonly Uint8Array[]
}

export function createSecretValues(): SecretValues {
  const values = new Map<string, Buffer>()
  let known: { readonly count: number; readonly patterns: readonly Uint8Array[] } = { count: 0, patterns: [] }
  return {
    noting: read => async (kind, name) => {
      const object = await read(kind, name)
      if (kind === 'Secret')
        for (const bytes of Object.values(object?.bytes ?? {})) values.set(bytes.toString('latin1'), bytes)
      return object
    },
    patterns({ metadata }) {
      if (metadata.annotations?.[MASK_SECRETS_ANNOTATION] === 'false') return []
      if (known.count !== values.size) known = { count: values.size, patterns: maskPatterns(values.values()) }
      return known.patterns
    },
  }
}
