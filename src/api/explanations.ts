/** `runs/UID/explain` of `tektite.dev/v1alpha1`: why a run is where it is, in plain words. */
import type { Cluster } from '../cluster/cluster.js'
import { explain } from '../explain/explain.js'
import type { Explanation } from '../explain/explanation.js'
import type { ApiDeps } from './deps.js'
import { startOfLast } from './logs/log-output.js'
import { stepLogSource } from './logs/step-log-reader.js'
import { type StepLog, stepLogs } from './logs/step-logs.js'
import { OWN_GROUP, OWN_VERSION, type OwnHandler, type OwnResource } from './own-resources.js'
import type { FindRun, FoundRun } from './run-objects.js'
import { ApiError } from './status.js'

export interface ExplanationDocument extends Explanation {
  readonly apiVersion: string
  readonly kind: 'RunExplanation'
}

export const EXPLANATION_RESOURCES: readonly OwnResource[] = [
  { name: 'runs/explain', singularName: '', kind: 'RunExplanation', verbs: ['get'] },
]

export interface ExplanationDeps extends Pick<ApiDeps, 'readLogs' | 'logSize' | 'storedPods'> {
  readonly cluster: Pick<Cluster, 'get'>
  readonly findRun: FindRun
  readonly now: () => number
}

/** Of each step that failed, and of so many steps: a matrix may have failed a hundred times in the same way. */
const TAIL_LINES = 10
const MAX_TAILS = 10
const MAX_TAIL_BYTES = 64 * 1024

export function explanationsHandler(deps: ExplanationDeps): OwnHandler {
  return async ({ resource, namespace, name, subresource, method, path, signal }) => {
    if (resource !== 'runs' || name === undefined || subresource !== 'explain') return undefined
    if (method !== 'GET') {
      throw new ApiError(
        405,
        'MethodNotAllowed',
        `${method} of ${path} is not supported: an explanation can only be got`,
      )
    }
    const found = await deps.findRun(namespace, name)
    if (found === undefined) {
      throw new ApiError(404, 'NotFound', `run "${name}" not found in namespace "${namespace}"`)
    }
    const tails = await tailsOf(deps, found, signal)
    const tailOf = (taskRun: string, container: string) => tails.get(`${taskRun}/${container}`)
    const explanation = explain(found, { now: deps.now(), tailOf })
    const body: ExplanationDocument = {
      apiVersion: `${OWN_GROUP}/${OWN_VERSION}`,
      kind: 'RunExplanation',
      ...explanation,
    }
    return { code: 200, body }
  }
}

async function tailsOf(
  deps: ExplanationDeps,
  found: FoundRun,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const failed = new Map(stepLogs(found).flatMap(log => (log.failed ? [[`${log.taskRun}/${log.container}`, log]] : [])))
  const wanted = [...failed].slice(0, MAX_TAILS)
  const tails = await Promise.all(wanted.map(async ([key, log]) => [key, await tailOf(deps, log, signal)] as const))
  return new Map(tails)
}

async function tailOf(deps: ExplanationDeps, log: StepLog, signal: AbortSignal): Promise<readonly string[]> {
  const nothingChanges = { latest: async () => log, changed: async () => {} }
  const source = stepLogSource({ ...deps, pod: key => deps.cluster.get('Pod', key) }, log, nothingChanges, signal)
  // A line may be as long as a log.
  const start = Math.max(await startOfLast(source, TAIL_LINES), (await source.size()) - MAX_TAIL_BYTES)
  const chunks: Uint8Array[] = []
  for await (const chunk of await source.read(start, { follow: false, part: 'output' })) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8').split('\n').filter(Boolean).map(shortLine)
}

const MAX_LINE = 500

function shortLine(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line
}
