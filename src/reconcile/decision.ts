/** What a reconcile may say. It is data: tests compare it, the log prints it, the shell carries it out. */

import type { RefusedBy } from '../cluster/cluster.js'
import type { ClaimFacts } from '../pod/coschedule.js'
import type { SecretFacts } from '../pod/credentials.js'
import type { EntrypointOffer } from '../pod/entrypoint-place.js'
import type { ImageAnswers, ImagesQuestion } from '../pod/image-commands.js'
import type { NodeFacts } from '../pod/node-choice.js'
import type { LimitRange, Pod } from '../resources/core.js'
import type { Kind, Kinds } from '../resources/kinds.js'
import type { Key, New } from '../resources/meta.js'
import type { ResolutionRequest } from '../resources/resolution.js'
import type { CustomRun, PipelineRun, PipelineSpec, StepActionSpec, TaskRun, TaskSpec } from '../resources/tekton.js'
import type { Settings } from '../run/settings.js'
import type { FailureClass } from '../status/failure-class.js'
import type { Origin } from './resolved.js'

export type Action =
  | { readonly [K in Kind]: { readonly do: 'create'; readonly kind: K; readonly object: New<Kinds[K]> } }[Kind]
  | { readonly do: 'delete'; readonly kind: Kind; readonly key: Key; readonly uid: string }
  /** Deletes a claim that `owner` made, also when Pods that have ended still name it. One that is missing or somebody else's stays. */
  | { readonly do: 'discard'; readonly kind: 'PersistentVolumeClaim'; readonly key: Key; readonly owner: string }
  /**
   * Sets `spec.status` and `spec.statusMessage` of an unfinished child (a PipelineRun has no such field, and gets an
   * annotation); a missing or finished one is left alone.
   */
  | {
      readonly do: 'cancel'
      readonly kind: 'PipelineRun' | 'TaskRun' | 'CustomRun'
      readonly key: Key
      readonly uid: string
      readonly status: string
      readonly message: string
    }
  /** Sets annotations of a Pod (`tekton.dev/ready`, `tekton.dev/cancel`). */
  | {
      readonly do: 'annotate'
      readonly kind: 'Pod'
      readonly key: Key
      readonly uid: string
      readonly annotations: Readonly<Record<string, string>>
    }
  /** Swaps these containers' images for the nop image: Tekton's way to stop sidecars. */
  | {
      readonly do: 'stopSidecars'
      readonly kind: 'Pod'
      readonly key: Key
      readonly uid: string
      readonly containers: readonly string[]
    }

export interface Decision<Status> {
  /** Carried out in order, before the status is written. Each is safe to repeat. */
  readonly actions: readonly Action[]
  /** The whole new status, not a patch of the old one. */
  readonly status: Status
  /** Labels and annotations the run itself gains (from its Task or Pipeline): what it has not, or has otherwise. */
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Of a TaskRun that this ends in failure. */
  readonly failureClass?: FailureClass
  /** What has to be known before this can be decided. */
  readonly asks?: ImagesQuestion
  /** Look again then, even if nothing changes: a timeout, a retry delay. Epoch ms. */
  readonly lookAgainAt?: number
}

/** The API server's 'no' to an action: the user's to know, so it becomes status. */
export interface Refusal {
  readonly reason: 'AlreadyExists' | 'Forbidden' | 'Invalid' | 'Unavailable'
  readonly by?: RefusedBy
  readonly message: string
}

/** A reference that was looked up, is being looked up, or cannot be. */
export type Lookup<T> =
  | {
      readonly is: 'found'
      readonly value: T
      /** The object the value is from; absent for inline specs. */
      readonly from?: Origin
    }
  /** Being fetched; `request` is what has to be made for that, until it is there. */
  | { readonly is: 'pending'; readonly request?: New<ResolutionRequest> }
  | { readonly is: 'failed'; readonly reason: string; readonly message: string }

/** Everything about the outside world that a PipelineRun's next step depends on. */
export interface PipelineRunWorld {
  readonly now: number
  readonly settings: Settings
  /** Of `pipelineRef`; for an inline spec 'found' without `from`. Not looked at once `status.pipelineSpec` is there. */
  readonly pipeline: Lookup<PipelineSpec>
  /** By pipeline task name, for every task and finally task with a `taskRef` to a Task. */
  readonly tasks: ReadonlyMap<string, Lookup<TaskSpec>>
  /** By pipeline task name, for those with a `pipelineRef` by name. Not looked at once the run has begun. */
  readonly pipelines: ReadonlyMap<string, Lookup<PipelineSpec>>
  /** Every object that bears the name of a child and, by its owner uid, is one. */
  readonly children: readonly (TaskRun | PipelineRun | CustomRun)[]
  /** Names of children that exist but belong to somebody else (planted, or left by a namesake): never adopted. */
  readonly strangers: readonly string[]
}

/** Everything about the outside world that a TaskRun's next step depends on. */
export interface TaskRunWorld {
  readonly now: number
  readonly settings: Settings
  /** As `PipelineRunWorld.pipeline`. */
  readonly task: Lookup<TaskSpec>
  /** By step index, for steps with a `ref`. */
  readonly stepActions: ReadonlyMap<number, Lookup<StepActionSpec>>
  /** The Pod of the present attempt, by derived name and owner uid. */
  readonly pod: Pod | undefined
  /** Whether a Pod that is not ours has that name, and is being deleted already. */
  readonly stranger: false | 'stays' | 'leaves'
  /** Read only by the pass that may make the Pod: not there, not made before, not stopped. */
  readonly toMakePod: PodMaterial | undefined
  /** The TaskRun whose outcome it may take over, where there is one; read until that is decided. */
  readonly earlier?: TaskRun | undefined
  /** Read only while a Pod has been waiting for its volumes for long: somebody may have deleted the ConfigMap. */
  readonly awaitedEntrypoint: EntrypointThere | undefined
}

/** The namespace's immutable ConfigMap that carries the entrypoint's binaries. */
export interface EntrypointThere {
  readonly name: string
  readonly offer: EntrypointOffer
  readonly binaryData: () => Readonly<Record<string, string>>
  readonly exists: boolean
  /** Uid of what bears the name and holds something else. */
  readonly impostor?: string | undefined
}

/** What a Pod is made with, besides the run and its task. */
export interface PodMaterial {
  /** Claims of workspaces that exist, by name: those of templates, and where Pods follow their claims all. */
  readonly claims: ReadonlyMap<string, ClaimFacts>
  /** False when the run names a service account that is not there. */
  readonly serviceAccountExists: boolean
  /** Secrets of the service account, in its order, each once; those that are missing are left out, as in Tekton. */
  readonly secrets: readonly SecretFacts[]
  readonly limitRanges: readonly LimitRange[]
  /** Whether the namespace enforces Pod Security's restricted profile. */
  readonly restricted: boolean
  /** Undefined when they cannot be read. */
  readonly nodes: readonly NodeFacts[] | undefined
  readonly entrypoint: EntrypointThere
  /** What registries said so far; undefined where none is asked. */
  readonly images?: ImageAnswers | undefined
}
