/** Which Secrets a Pod's containers can read. Pure. */
import type { Pod } from '../resources/core.js'

interface Source {
  readonly secret?: { readonly name?: string; readonly secretName?: string }
  readonly projected?: { readonly sources?: readonly Source[] }
}

interface Reader {
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: { readonly name?: string } } }[]
  readonly envFrom?: readonly { readonly secretRef?: { readonly name?: string } }[]
}

export function secretNames({ spec }: Pod): readonly string[] {
  const volumes = ((spec as { readonly volumes?: readonly Source[] }).volumes ?? []).flatMap(namesIn)
  const containers = [...(spec.initContainers ?? []), ...spec.containers] as readonly Reader[]
  const variables = containers.flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ])
  return [...new Set([...volumes, ...variables])].filter((name): name is string => !!name)
}

function namesIn({ secret, projected }: Source): readonly (string | undefined)[] {
  return [secret?.secretName, secret?.name, ...(projected?.sources ?? []).flatMap(namesIn)]
}
