/** `graph`: a pipeline, or a run of one, as a drawing. */
import { dotText } from '../../graph/dot.js'
import type { RunGraph } from '../../graph/graph.js'
import { mermaidText } from '../../graph/mermaid.js'
import { pipelineGraph, runGraph } from '../../graph/run-graph.js'
import { taskRunGraph } from '../../graph/task-run-graph.js'
import { problemText } from '../../resources/problem.js'
import type { Pipeline, PipelineRun } from '../../resources/tekton.js'
import { type Client, ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { detailOf, graphLines } from '../print/graph.js'
import { onOneLine, styleFor, widthOf } from '../print/style.js'
import { newestRun, noSuchRun, ofRecord, readRun } from '../run-objects.js'

export interface GraphOptions {
  readonly place: PlaceFlags
  /** Manifests; `-` for standard input. */
  readonly files: readonly string[]
  readonly kind?: 'pipeline' | 'pipelinerun' | 'taskrun'
  readonly name?: string
  readonly last: boolean
  readonly output?: 'mermaid' | 'dot' | 'json'
  readonly ascii: boolean
}

interface Drawn {
  readonly title: string
  readonly graph: RunGraph
  readonly withStatus: boolean
}

/** 0, or 1 when a pipeline cannot be put in order. @throws ClientError when there is nothing to draw */
export async function graphCommand(context: CliContext, options: GraphOptions): Promise<number> {
  const all = options.files.length > 0 ? await fromFiles(context, options.files) : [await fromApi(context, options)]
  const text =
    options.output === 'json' ? jsonText(all) : all.map(one => textOf(context, one, all.length, options)).join('\n')
  context.stdout.write(text)
  return all.some(({ graph }) => graph.problem !== undefined) ? 1 : 0
}

function jsonText(all: readonly Drawn[]): string {
  const [first] = all
  return `${JSON.stringify(all.length === 1 ? first?.graph : all.map(one => one.graph), null, 2)}\n`
}

function textOf(
  context: CliContext,
  { title, graph, withStatus }: Drawn,
  count: number,
  options: GraphOptions,
): string {
  const { stdout, config, now, environment } = context
  const text = { withStatus, detailOf: (node: RunGraph['nodes'][number]) => detailOf(node, { withStatus, now: now() }) }
  if (options.output === 'mermaid') return mermaidText(graph, text)
  if (options.output === 'dot') return dotText(graph, text)
  const style = styleFor(stdout, config)
  const ascii = options.ascii || !isUnicode(environment)
  const view = { withStatus, width: widthOf(stdout), style, ascii, now: now() }
  const lines = graph.nodes.length === 0 ? ['no tasks (yet)'] : graphLines(graph, view)
  return [...(count > 1 || withStatus ? [style.bold(onOneLine(title))] : []), ...lines, ''].join('\n')
}

/** Where nothing says what a terminal can show, most can show it all. */
function isUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || 'UTF-8'
  return /utf-?8/i.test(locale) || !/^(C|POSIX)$/.test(locale)
}

async function fromFiles({ stdin, config }: CliContext, files: readonly string[]): Promise<readonly Drawn[]> {
  const { readManifests } = await import('../manifests.js')
  const { objects, unreadable, problems } = await readManifests(
    { files, config: [] },
    { stdin, configNames: config.configNames },
  )
  const [first] = [...unreadable, ...problems]
  const drawn = objects.flatMap((object): readonly Drawn[] => {
    const title = `${object.kind} ${object.metadata.name ?? object.metadata.generateName ?? ''}`
    const spec = object.kind === 'Pipeline' ? (object as Pipeline).spec : undefined
    const inline = object.kind === 'PipelineRun' ? (object as unknown as PipelineRun).spec.pipelineSpec : spec
    return inline ? [{ title, graph: pipelineGraph(inline), withStatus: false }] : []
  })
  if (first !== undefined) throw new ClientError(0, problemText(first))
  if (drawn.length === 0)
    throw new ClientError(0, `no Pipeline, and no PipelineRun with a pipelineSpec, in ${files.join(', ')}`)
  return drawn
}

async function fromApi(context: CliContext, { place, kind, name, last }: GraphOptions): Promise<Drawn> {
  if (name === undefined && !last) {
    throw new ClientError(0, 'say what to draw: -f FILE, pipeline NAME, pipelinerun NAME, or --last')
  }
  const client = await openClient(context, place)
  const wanted = name ?? (await newestRun(client))
  const run = kind === 'pipeline' ? undefined : await ofRun(client, wanted, kind)
  if (run !== undefined) return run
  if (kind === 'pipelinerun' || kind === 'taskrun') throw noSuchRun(client, wanted)
  const pipeline = await client.get('Pipeline', { namespace: client.namespace, name: wanted })
  if (pipeline) return { title: `Pipeline ${wanted}`, graph: pipelineGraph(pipeline.spec), withStatus: false }
  const what = kind === 'pipeline' ? 'Pipeline' : 'PipelineRun, TaskRun or Pipeline'
  throw new ClientError(404, `no ${what} "${wanted}" in namespace "${client.namespace}" of ${client.said}`)
}

async function ofRun(client: Client, name: string, kind: GraphOptions['kind']): Promise<Drawn | undefined> {
  const found = await readRun(
    client,
    name,
    kind === 'taskrun' ? ['TaskRun'] : kind === 'pipelinerun' ? ['PipelineRun'] : undefined,
  )
  if (found === undefined) {
    const kept = await ofRecord<RunGraph>(client, name, 'graph')
    return kept && { title: name, graph: kept, withStatus: true }
  }
  const { run } = found
  const graph = run.kind === 'TaskRun' ? taskRunGraph(run) : runGraph({ ...found, run })
  return { title: `${run.kind} ${name}`, graph, withStatus: true }
}
