/**
 * `runs` of `tektite.dev/v1alpha1`: every run there is or was, archived ones among them. Engines and dashboards serve it,
 * a plain cluster does not: then the answer is undefined.
 */
import type { RunRecord } from '../../resources/run-record.js'
import type { RunSummary, SummarizedKind } from '../../resources/run-summary.js'
import { type Client, ClientError } from './client.js'
import { queryText, segment } from './connect.js'

/** As many as one page may have. */
const PAGE = 500

export interface RunsQuery {
  readonly kind: SummarizedKind
  /** '': all. */
  readonly namespace: string
  readonly labelSelector: string
  /** 0: all. */
  readonly limit: number
}

/** Newest first, no more than are asked for. */
export async function listRuns(client: Client, query: RunsQuery): Promise<readonly RunSummary[] | undefined> {
  const { kind, namespace, labelSelector, limit } = query
  const wanted = limit > 0 ? limit : Number.POSITIVE_INFINITY
  const runs: RunSummary[] = []
  let next: string | undefined
  do {
    const size = `${Math.min(PAGE, wanted - runs.length)}`
    const text = queryText({ kind, labelSelector, limit: size, continue: next })
    const page = await unlessUnserved(client.read<RunPage>(`${runsPath(namespace)}${text}`))
    if (page === undefined) return undefined
    runs.push(...page.items)
    next = page.metadata.continue
  } while (next !== undefined && runs.length < wanted)
  return runs
}

interface RunPage {
  readonly metadata: { readonly continue?: string }
  readonly items: readonly RunSummary[]
}

export interface KeptRun extends RunRecord {
  readonly archived: boolean
}

/** By uid, or the newest of a name. Undefined also when nobody knows it. */
export function readRunRecord(client: Client, namespace: string, uidOrName: string): Promise<KeptRun | undefined> {
  return unlessUnserved(client.read<KeptRun>(`${runsPath(namespace)}/${segment(uidOrName)}`))
}

export function runsPath(namespace: string): string {
  return `/apis/tektite.dev/v1alpha1${namespace === '' ? '' : `/namespaces/${segment(namespace)}`}/runs`
}

/** 403: a cluster asks for rights to what it does not serve before it says so. */
export async function unlessUnserved<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ClientError && (error.code === 404 || error.code === 403)) return undefined
    throw error
  }
}
