/** Which kinds of patches there are, and which of them a kind takes. Pure. */
import type { KindEntry } from '../../resources/kind-table.js'
import { unsupportedMediaType } from '../status.js'

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

/** @throws ApiError 415, as of a custom resource when the kind is none of Kubernetes' own */
export function patchTypeOf(info: KindEntry, contentType: string | undefined): PatchType {
  const media = (contentType ?? '').split(';')[0]!.trim().toLowerCase()
  const accepted = Object.keys(TYPES).filter(each => TYPES[each] !== 'strategic' || isOfKubernetes(info))
  const type = Object.hasOwn(TYPES, media) && accepted.includes(media) ? TYPES[media] : undefined
  if (type !== undefined) return type
  throw unsupportedMediaType(accepted)
}

/** Kinds that a real cluster has built in. Others are custom resources there, those of Tekton among them. */
export function isOfKubernetes({ group }: KindEntry): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io')
}
