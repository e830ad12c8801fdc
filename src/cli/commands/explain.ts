/** `explain`: why a run is where it is. */
import type { FoundRun } from '../../api/run-objects.js'
import { explain } from '../../explain/explain.js'
import type { Explanation } from '../../explain/explanation.js'
import type { TaskRun } from '../../resources/tekton.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { explanationLines } from '../print/explanation.js'
import { styleFor, widthOf } from '../print/style.js'
import { newestRun, noSuchRun, ofRecord, readRun } from '../run-objects.js'

export interface ExplainOptions {
  readonly place: PlaceFlags
  readonly name?: string
  readonly last: boolean
  readonly output?: 'json'
}

/** @throws ClientError when there is no such run */
export async function explainCommand(
  context: CliContext,
  { place, name, last, output }: ExplainOptions,
): Promise<number> {
  const { stdout, config } = context
  if (name === undefined && !last) throw new ClientError(0, 'name a PipelineRun or TaskRun, or say --last')
  const client = await openClient(context, place)
  const wanted = name ?? (await newestRun(client))
  const explanation = await explanationOf(client, wanted, context.now())
  if (output === 'json') {
    const { summary, findings } = explanation
    stdout.write(`${JSON.stringify({ summary, findings }, null, 2)}\n`)
    return 0
  }
  const lines = explanationLines(explanation, { style: styleFor(stdout, config), width: widthOf(stdout) })
  stdout.write(`${lines.join('\n')}\n`)
  return 0
}

async function explanationOf(client: Client, name: string, now: number): Promise<Explanation> {
  const found = await readRun(client, name)
  if (found === undefined) {
    const kept = await ofRecord<Explanation>(client, name, 'explain')
    if (kept === undefined) throw noSuchRun(client, name)
    return kept
  }
  const tails = await readTails(client, found)
  return explain(found, { now, tailOf: (taskRun, container) => tails.get(`${taskRun}/${container}`) })
}

const TAIL_LINES = 10
const MAX_TAILS = 10
const DEADLINE_MS = 5_000

/** The last words of steps that failed. What cannot be read is left out: the rest is worth saying. */
async function readTails(client: Client, found: FoundRun): Promise<ReadonlyMap<string, readonly string[]>> {
  const failed = taskRunsOf(found).flatMap(run =>
    (run.status?.steps ?? []).flatMap(step => {
      const hasFailed = step.terminated !== undefined && step.terminated.exitCode !== 0
      const counts = step.terminationReason !== 'Skipped' && step.terminationReason !== 'Continued'
      return hasFailed && counts && run.status?.podName ? [{ run, pod: run.status.podName, step }] : []
    }),
  )
  const read = failed.slice(0, MAX_TAILS).map(async ({ run, pod, step }) => {
    const lines = await tailOf(client, run.metadata.namespace, pod, step.container)
    return [`${run.metadata.name}/${step.container}`, lines] as const
  })
  return new Map((await Promise.all(read)).filter(([, lines]) => lines.length > 0))
}

async function tailOf(client: Client, namespace: string, pod: string, container: string): Promise<readonly string[]> {
  const query = new URLSearchParams({ container, tailLines: `${TAIL_LINES}`, limitBytes: '65536' })
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`
    const { bytes } = await client.stream(path, AbortSignal.timeout(DEADLINE_MS))
    const chunks: Buffer[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

function taskRunsOf({ run, taskRuns, children }: FoundRun): readonly TaskRun[] {
  return run.kind === 'TaskRun' ? [run] : [...taskRuns, ...children.flatMap(taskRunsOf)]
}
