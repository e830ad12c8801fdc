/** What is asked of a run's logs. Pure. */
import { ApiError } from '../status.js'
import type { StepLog } from './step-logs.js'

export interface RunLogQuery {
  readonly taskRun: string | undefined
  /** As the pipeline calls them; none: all. */
  readonly tasks: readonly string[]
  /** Of a step or a sidecar, or of its container. */
  readonly step: string | undefined
  /** 0 for the first attempt. */
  readonly retry: number | undefined
  /** Only what has failed. */
  readonly failed: boolean
  /** In bytes; below 0 from the end. */
  readonly offset: number
  /** Bytes; of a search lines. */
  readonly limit: number | undefined
  /** Only so many of the last lines. */
  readonly tail: number | undefined
  readonly follow: boolean
  readonly timestamps: boolean
  readonly prefix: boolean
  readonly q: string
}

/** @throws ApiError 400 */
export function runLogQuery(query: URLSearchParams): RunLogQuery {
  return {
    taskRun: query.get('taskRun') || undefined,
    tasks: query.getAll('task').filter(task => task !== ''),
    step: query.get('step') || undefined,
    retry: numberIn(query, 'retry'),
    failed: flagIn(query, 'failed'),
    offset: numberIn(query, 'offset', true) ?? 0,
    limit: numberIn(query, 'limit'),
    tail: numberIn(query, 'tail'),
    follow: flagIn(query, 'follow'),
    timestamps: flagIn(query, 'timestamps'),
    prefix: flagIn(query, 'prefix'),
    q: query.get('q') ?? '',
  }
}

export function selects({ taskRun, tasks, step, retry, failed }: RunLogQuery, log: StepLog): boolean {
  if (taskRun !== undefined && log.taskRun !== taskRun) return false
  if (tasks.length > 0 && !tasks.includes(log.task)) return false
  if (step !== undefined && log.step !== step && log.container !== step) return false
  if (retry !== undefined && log.retry !== retry) return false
  return !failed || log.failed
}

function numberIn(query: URLSearchParams, name: string, mayBeNegative = false): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (/^\d{1,15}$/.test(text) || (mayBeNegative && /^-\d{1,15}$/.test(text))) return Number(text)
  throw new ApiError(400, 'BadRequest', `${name} is ${JSON.stringify(text)}; it must be a whole number`)
}

function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text === null) return false
  if (['', 'true', '1'].includes(text)) return true
  if (['false', '0'].includes(text)) return false
  throw new ApiError(400, 'BadRequest', `${name} is ${JSON.stringify(text)}; it must be true or false`)
}
