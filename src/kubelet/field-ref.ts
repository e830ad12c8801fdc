import type { Pod } from '../resources/core.js'

/** The value of a downward-API field; undefined when a kubelet knows no such field. A missing label or annotation is ''. */
export function fieldValue(pod: Pod, fieldPath: string): string | undefined {
  const { metadata, spec } = pod
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath)
  if (keyed !== null) return metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? ''
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace
    case 'metadata.uid':
      return metadata.uid
    case 'metadata.labels':
      return asLines(metadata.labels)
    case 'metadata.annotations':
      return asLines(metadata.annotations)
    case 'spec.nodeName':
      return 'localhost'
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? 'default'
    case 'status.podIP':
    case 'status.podIPs':
    case 'status.hostIP':
    case 'status.hostIPs':
      return '127.0.0.1'
    default:
      return undefined
  }
}

/** As the downward API writes a whole map: one `key="value"` a line, sorted, no newline at the end. */
function asLines(map: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(map).sort()
  return keys.map(key => `${key}=${JSON.stringify(map[key])}`).join('\n')
}
