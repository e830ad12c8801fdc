/** What names the items of the lists that a strategic merge patch merges. */
import type { FieldRules, MergeRules } from './strategic-merge-patch.js'

const MERGE_KEYS: Readonly<Record<string, string>> = {
  ownerReferences: 'uid',
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  secrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
}
/** Their keys depend on what they are of. */
const PORT_KEYS: Readonly<Record<string, string>> = { containers: 'containerPort', initContainers: 'containerPort' }

export const CORE_MERGE_RULES: MergeRules = rulesIn('')

function rulesIn(parent: string): MergeRules {
  return {
    field(name): FieldRules {
      const inside = rulesIn(name)
      if (name === 'finalizers') return { merges: true, inside }
      const mergeKey = name === 'ports' ? (PORT_KEYS[parent] ?? 'port') : MERGE_KEYS[name]
      return mergeKey === undefined ? { merges: false, inside } : { merges: true, mergeKey, inside }
    },
  }
}
