import type { Cluster } from '../../src/cluster/cluster.js'
import type { Pod, PodStatus } from '../../src/resources/core.js'

/**
 * A cluster's scheduler and kubelets without containers: Pods become Pending, Running, and end, with the statuses of a
 * Kubernetes 1.32 kubelet, and termination messages as the entrypoint writes them. Steps run one after the other, the
 * first one when the Pod's `tekton.dev/ready` annotation is set; `tekton.dev/cancel`, deletion with grace, sidecars (also
 * native ones) and the nop image are honoured. Faults of the API server are waited out.
 *
 * No step runs twice: a kubelet that is started again goes on from its ledger, if that is a file; without one, what the
 * Pod's status calls running has ended as `ContainerStatusUnknown`.
 */
export function startSimulatedKubelet(options: SimulatedKubeletOptions): SimulatedKubelet

export interface SimulatedKubeletOptions {
  readonly cluster: Cluster
  /**
   * What happens in a Pod, and to it; nothing special if undefined. Asked once for each Pod, and again by a kubelet that
   * is started anew: the answer must be the same.
   */
  readonly plan?: (pod: Pod) => PodPlan | undefined
  /**
   * A file, appended to with O_APPEND, or a function. One line, before any status says so, for each start and end of a
   * step's command: `runUid task step attempt start|end time podUid`. The uid is the PipelineRun's (the TaskRun's, if it
   * has none), the task is the TaskRun's name, the step is the container's name, the time is RFC 3339 with milliseconds.
   */
  readonly ledger?: string | ((line: string) => void)
  /** Epoch ms: what the Pods' times are told by. Pauses are in real time. */
  readonly now?: () => number
  /** How long a step runs that the plan does not mention; default 0. */
  readonly stepMs?: number
  /**
   * `every`: binding, containers being created, running, the end of every step, the end, as a real one. `few`, the
   * default: running, and the end. `one`: only the end, for Pods without sidecars to which nothing special happens.
   * A real API server takes no binding by an update of `spec.nodeName`, as `every` does it: `few` or `one` there.
   */
  readonly writes?: 'every' | 'few' | 'one'
  /** Told of faults of its own; default `console.error`. */
  readonly log?: (text: string) => void
}

export interface SimulatedKubelet {
  /** Resolves when it has seen the Pods that were there. */
  readonly ready: Promise<void>
  /** Stops at once, in the middle of what it does, as a kubelet that is killed. */
  close(): Promise<void>
}

export interface PodPlan {
  /** No node takes the Pod, in the scheduler's words; for so long, or for ever. */
  readonly unschedulable?: { readonly message: string; readonly ms?: number }
  /** What a container waits for before anything starts, one after the other; the first container if none is named. */
  readonly waiting?: readonly {
    readonly container?: string
    readonly reason: string
    readonly message?: string
    /** For so long, or as long as this is true; for ever, if neither is given. */
    readonly ms?: number
    readonly lasts?: () => boolean
  }[]
  readonly initContainers?: Readonly<Record<string, ContainerEnd>>
  /** By the names of the steps. Those that are not mentioned end well. */
  readonly steps?: Readonly<Record<string, StepPlan>>
  /** By the names of the sidecars. Those that are not mentioned become ready at once and go on. */
  readonly sidecars?: Readonly<
    Record<
      string,
      { readonly readyMs?: number | 'never'; readonly ends?: ContainerEnd & { readonly exitCode: number } }
    >
  >
  /** Task results, written by the first step; without it every declared result is its own name. */
  readonly results?: Readonly<Record<string, string>>
  readonly interruption?: Interruption
  /** Its steps do not end at SIGTERM: the Pod is there until its grace is over. */
  readonly ignoresSigterm?: boolean
  /** Its node does not answer: deleted, it stays there, marked. */
  readonly outlivesDeletion?: boolean
  /** How far the node's clock is ahead. */
  readonly clockOffsetMs?: number
}

interface ContainerEnd {
  readonly exitCode?: number
  /** The runtime's word; `Completed` or `Error` if not given. */
  readonly reason?: string
  readonly message?: string
  readonly ms?: number
}

export interface StepPlan extends ContainerEnd {
  readonly results?: Readonly<Record<string, string>>
  readonly stepResults?: Readonly<Record<string, string>>
  /** The entrypoint itself was killed: there is no message of it, and the next steps wait for ever. */
  readonly killed?: boolean
  /** The runtime could not start the container: `exitCode` 128, `StartError` if nothing else is said. */
  readonly neverStarts?: boolean
}

/** What befalls the Pod from outside. */
export interface Interruption {
  /** Right after its binding, while the command of the named step runs, or when all steps have ended, before that is told. */
  readonly at: 'bound' | 'done' | (string & {})
  readonly afterMs?: number
  readonly then: /** Its node is gone: nothing is written any more, and a deletion is not answered. */
    | { readonly is: 'silence' }
    /** Somebody deletes it, and says why in these conditions before. */
    | { readonly is: 'deleted'; readonly graceSeconds?: number; readonly conditions?: PodStatus['conditions'] }
    /** Its status is this, over what it was. Its containers go on as they were told, are killed, or were never looked at. */
    | { readonly is: 'over'; readonly status: Partial<PodStatus>; readonly containers: 'kept' | 'killed' | 'none' }
}
