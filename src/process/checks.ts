/** From the signs of life of the parts to what health says of them. Pure: times are `performance.now`'s. */
import type { ClusterSigns } from '../cluster/kubernetes/signs.js'
import type { WorkerSigns } from '../redis/bullmq.js'

/** Several canaries long: one may be taken by another worker. */
const TAKES_WITHIN_MS = 8_000
/** A ping and its deadline, twice. */
const ANSWERS_WITHIN_MS = 15_000
/** Longer than the pauses between the first tries. */
const INTERRUPTED_AT_MOST_MS = 30_000
/** The watch itself takes silence for death after 150 s, and begins anew. */
const HEARS_WITHIN_MS = 180_000
/** The worker was new each time: then it is the process. */
const REPLACED_AT_MOST = 2

/** Whether a worker of this process takes what is in the queue. */
export function takingProblem(workers: readonly WorkerSigns[], now: number): string | undefined {
  if (workers.length === 0) return 'not started'
  for (const { tookAt, isFull, trouble } of workers) {
    if (isFull) continue
    const since = tookAt === undefined ? 'has taken nothing yet' : `has taken nothing for ${seconds(now - tookAt)}`
    if (tookAt !== undefined && now - tookAt <= TAKES_WITHIN_MS) continue
    return trouble === undefined ? since : `${since}: ${trouble}`
  }
  return undefined
}

/** Only what a new process mends: Redis that is away, or refuses, is the same for the next one. */
export function silenceProblem(workers: readonly WorkerSigns[]): string | undefined {
  const lost = workers.find(
    ({ replacedInVain, trouble }) => replacedInVain >= REPLACED_AT_MOST && trouble === undefined,
  )
  return lost && `the queue worker was replaced ${lost.replacedInVain + 1} times and takes nothing`
}

export function apiServerProblem({ answeredAt }: ClusterSigns, now: number): string | undefined {
  if (answeredAt === undefined) return 'no answer yet'
  return now - answeredAt <= ANSWERS_WITHIN_MS ? undefined : `no answer for ${seconds(now - answeredAt)}`
}

export function watchProblem({ watches }: ClusterSigns, now: number): string | undefined {
  const problems = watches.flatMap(({ resource, isListed, heardAt, interruptedAt }) => {
    if (!isListed) return `${resource}: not listed yet`
    if (interruptedAt !== undefined && now - interruptedAt > INTERRUPTED_AT_MOST_MS) {
      return `${resource}: interrupted for ${seconds(now - interruptedAt)}`
    }
    return now - heardAt > HEARS_WITHIN_MS ? `${resource}: nothing heard for ${seconds(now - heardAt)}` : []
  })
  return problems.length === 0 ? undefined : [...new Set(problems)].join(', ')
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}
