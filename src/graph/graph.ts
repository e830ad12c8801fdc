/** What a pipeline, or a run of one, looks like when it is drawn: who waits for whom, and how far each has come. */

export type NodeStatus = 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

export interface GraphNode {
  /** The pipeline task's name; inside a nested pipeline behind the name of the task that runs it: `deploy/apply`. */
  readonly id: string
  readonly name: string
  readonly displayName?: string
  readonly kind: 'task' | 'finally' | 'matrix' | 'pipeline' | 'custom'
  /** `pending`: not begun, or begun and waiting for a node, an image, a task to be fetched; `reason` tells them apart. */
  readonly status: NodeStatus
  /** Of the condition; of a matrix, that of the child which decided. Absent while there is no child. */
  readonly reason?: string
  readonly message?: string
  /** RFC 3339. */
  readonly startedAt?: string
  readonly completedAt?: string
  /** Attempts after the first one, all children together. */
  readonly retries: number
  /** Tekton's words in `status.skippedTasks`, or why it never began although they do not list it. */
  readonly skippedReason?: string
  /** Its failure did not fail the run: `onError: continue`. */
  readonly isFailureAllowed?: true
  readonly matrix?: { readonly total: number; readonly done: number; readonly failed: number }
  /** Names of its children, whatever their kind; in the order of the status. */
  readonly taskRuns: readonly string[]
  /** The TaskRun of an earlier run whose outcome it took over instead of running. */
  readonly inheritedFrom?: string
  readonly isFinally: boolean
  readonly onCriticalPath: boolean
  /** Of a nested pipeline. */
  readonly group?: RunGraph
}

export interface GraphEdge {
  /** Ids. */
  readonly from: string
  readonly to: string
  readonly why: 'runAfter' | 'result' | 'finally'
}

export interface RunGraph {
  /** `tasks` then `finally`, in the order of the pipeline. */
  readonly nodes: readonly GraphNode[]
  /** Without those that follow from others. */
  readonly edges: readonly GraphEdge[]
  /** Ids: the chain that decided how long the run took; while it runs, so far. Empty for a pipeline that is not run. */
  readonly criticalPath: readonly string[]
  /** Why the tasks cannot be put in order (a cycle, an unknown task): there are no edges then. */
  readonly problem?: string
}
