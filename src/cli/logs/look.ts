/** How a run stands, and what its output comes from: looked up, as often as somebody asks. */
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone } from '../../status/conditions.js'
import { asArchived } from '../client/archived-run.js'
import type { Client } from '../client/client.js'
import { inOrder, isWanted, type LogSource, type NamedTaskRun, type SourceFilter, sourcesOf } from './sources.js'

export interface Standing {
  /** Undefined when it is gone. */
  readonly run: PipelineRun | TaskRun | undefined
  readonly sources: readonly LogSource[]
  /** The run has ended, and its TaskRuns with it: no source will be added. */
  readonly isOver: boolean
}

export interface LookOptions extends SourceFilter {
  /** Containers that Tekton puts before the steps, too. */
  readonly initContainers: boolean
}

export async function lookAt(
  client: Client,
  { kind, metadata }: PipelineRun | TaskRun,
  options: LookOptions,
): Promise<Standing> {
  const run = await client.get(kind, metadata)
  if (run?.metadata.uid === metadata.uid) return standingOf(client, run, options)
  // It may have gone into the archive meanwhile.
  const { namespace, uid } = metadata
  const seeing = await asArchived(client, kind, { namespace, name: uid })
  const kept = await seeing?.get(kind, metadata)
  return seeing && kept ? standingOf(seeing, kept, options) : { run: undefined, sources: [], isOver: true }
}

async function standingOf(client: Client, run: PipelineRun | TaskRun, options: LookOptions): Promise<Standing> {
  const taskRuns = run.kind === 'TaskRun' ? [{ task: '', taskRun: run }] : await taskRunsOf(client, run, '')
  const wanted = taskRuns.flatMap(named =>
    sourcesOf(named.taskRun, named.task).filter(source => isWanted(options, named, source)),
  )
  const sources = options.initContainers ? await withInitContainers(client, wanted) : wanted
  return { run, sources, isOver: isDone(run) && taskRuns.every(({ taskRun }) => isDone(taskRun)) }
}

/** Those of Pipelines in it as well, with the task that they are behind in front of their own. */
async function taskRunsOf(client: Client, run: PipelineRun, prefix: string): Promise<readonly NamedTaskRun[]> {
  const { namespace, name } = run.metadata
  const labelSelector = `tekton.dev/pipelineRun=${name}`
  const children = run.status?.childReferences ?? []
  const taskOf = new Map(children.map(child => [child.name, child.pipelineTaskName]))
  const taskRuns = (await client.list('TaskRun', { namespace, labelSelector })).map(taskRun => {
    const { metadata } = taskRun
    const task = taskOf.get(metadata.name) ?? metadata.labels?.['tekton.dev/pipelineTask'] ?? metadata.name
    return { task: `${prefix}${task}`, taskRun }
  })
  const nested = children.filter(({ kind }) => kind === 'PipelineRun')
  const below = await Promise.all(
    nested.map(async child => {
      const inner = await client.get('PipelineRun', { namespace, name: child.name })
      return inner === undefined ? [] : taskRunsOf(client, inner, `${prefix}${child.pipelineTaskName}/`)
    }),
  )
  return [...inOrder(run, taskRuns), ...below.flat()]
}

async function withInitContainers(client: Client, sources: readonly LogSource[]): Promise<readonly LogSource[]> {
  const found: LogSource[] = []
  const seen = new Set<string>()
  for (const source of sources) {
    if (!seen.has(source.pod.name) && source.state !== 'waiting') {
      seen.add(source.pod.name)
      const pod = await client.get('Pod', source.pod)
      for (const { name, restartPolicy } of pod?.spec.initContainers ?? []) {
        // One that is restarted is a sidecar.
        if (restartPolicy !== 'Always') found.push({ ...source, step: name, container: name, state: 'ended' })
      }
    }
    found.push(source)
  }
  return found
}
