/** Tekton's `resolution.tekton.dev/v1beta1`: the question where a Task, Pipeline or StepAction is, and the answer. */
import type { Condition, Resource } from './meta.js'
import type { Param, RefSource } from './tekton.js'

/** Names the resolver that is asked; requests without it are refused. */
export const RESOLVER_TYPE_LABEL = 'resolution.tekton.dev/type'

export interface ResolutionRequestStatus {
  readonly observedGeneration?: number
  readonly conditions?: readonly Condition[]
  /** The manifest, base64. Resolvers of other people write only this, `refSource` and `annotations`. */
  readonly data?: string
  readonly refSource?: RefSource | null
  /** The former name of `refSource`: a copy. */
  readonly source?: RefSource | null
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ResolutionRequest extends Resource {
  readonly kind: 'ResolutionRequest'
  readonly spec: { readonly params?: readonly Param[]; readonly url?: string }
  readonly status?: ResolutionRequestStatus
}
