/** `tektite run`: every run of some files, to the end, in an engine that is thrown away afterwards. */
import { mkdtemp, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EmbeddedEngine, openEmbedded } from '../../embedded.js'
import { removeTree } from '../../kubelet/remove-tree.js'
import { describeError } from '../../lib/fault.js'
import { kindIdOf } from '../../resources/kind-table.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { New, Resource } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import type { CliContext } from '../context.js'
import { followRuns } from '../follow.js'
import { readManifests } from '../manifests.js'
import { failedStepLogs } from '../print/failed-logs.js'
import { createLive } from '../print/live.js'
import { type Output, printRuns } from '../print/output.js'
import { describeProblem } from '../print/problem.js'
import { styleFor } from '../print/style.js'
import { unfinishedLines } from '../print/unfinished.js'
import { type RunFlags, startList } from '../start-list.js'

export const EXIT = { succeeded: 0, failed: 1, refused: 2, interrupted: 130 } as const

export interface RunOptions extends RunFlags {
  readonly files: readonly string[]
  /** Files with ConfigMaps that set this command's defaults and feature flags. */
  readonly config: readonly string[]
  /** For the whole command. Milliseconds. */
  readonly timeoutMs?: number
  readonly output?: Output
}

export async function runCommand(context: CliContext, options: RunOptions): Promise<number> {
  const { stderr, stdout, config, now } = context
  const style = styleFor(stderr, config)
  const refuse = (lines: readonly string[]): number => {
    for (const line of lines) stderr.write(`${style.red('error')}: ${line}\n`)
    return EXIT.refused
  }

  const read = await readManifests(options, { stdin: context.stdin, configNames: config.configNames })
  const wrong = [...[...read.unreadable, ...read.problems].map(describeProblem), ...(await workspaceProblems(options))]
  if (wrong.length > 0) return refuse(wrong)
  for (const warning of read.warnings) stderr.write(`${style.yellow('warning')}: ${describeProblem(warning)}\n`)
  const list = startList(read.objects, options)
  if (list.is === 'refused') return refuse([list.message])

  const directory = await mkdtemp(join(config.tempDir, 'tektite-run-'))
  const interrupt = new AbortController()
  const release = context.onInterrupt(() => interrupt.abort())
  let engine: EmbeddedEngine | undefined
  try {
    engine = await openEmbedded({ config, log: context.log, now, dataDir: directory, throwAway: true })
    const { cluster } = engine
    for (const note of engine.notes) stderr.write(`${style.dim('note')}: ${note}\n`)
    const roots: string[] = []
    const follower = followRuns(cluster, now, (run, before) => live.changed(run, before))
    const live = createLive({
      terminal: stderr,
      style,
      now,
      views: () => roots.flatMap(uid => follower.view(uid) ?? []),
    })
    for (const object of definitionsFirst(list.support))
      await cluster.create(kindIdOf(object as unknown as Resource), object as never)
    for (const run of list.runs) {
      const created = await cluster.create(run.kind, run as New<PipelineRun> & New<TaskRun>)
      roots.push(created.metadata.uid)
    }
    const ended = await firstOf(follower.done(roots), options.timeoutMs, interrupt.signal)
    live.end()
    const runs = [...follower.runs.values()]
    const finished = roots.flatMap(uid => runs.find(run => run.metadata.uid === uid) ?? [])
    if (ended !== 'interrupted') {
      for await (const text of failedStepLogs(engine, runs, style)) stderr.write(text)
      if (options.output) stdout.write(printRuns(options.output, finished, runs))
    }
    await follower.close()
    if (ended === 'interrupted') {
      stderr.write(`${style.yellow('interrupted')}: everything was stopped and cleaned up\n`)
      return EXIT.interrupted
    }
    if (ended === 'timeout') {
      for (const line of unfinishedLines(runs, style)) stderr.write(line)
      stderr.write(
        `${style.red('error')}: not finished within --timeout ${(options.timeoutMs ?? 0) / 1_000}s; everything was stopped\n`,
      )
      return EXIT.failed
    }
    return finished.every(run => succeededCondition(run)?.status === 'True') ? EXIT.succeeded : EXIT.failed
  } catch (error) {
    // An object that the store refuses was wrong input; nothing of the user's ran before the first run was created.
    return refuse([describeError(error)])
  } finally {
    await engine?.destroy()
    await removeTree(directory)
    release()
  }
}

function definitionsFirst(objects: readonly New<AnyResource>[]): readonly New<AnyResource>[] {
  const isDefinition = ({ kind }: New<AnyResource>) => kind === 'CustomResourceDefinition'
  return [...objects.filter(isDefinition), ...objects.filter(object => !isDefinition(object))]
}

/** A folder that is not there is found before anything runs. */
async function workspaceProblems({ workspaces }: RunOptions): Promise<readonly string[]> {
  const looked = workspaces.map(async ({ name, directory }) => {
    const found = await stat(directory).catch(() => undefined)
    if (found?.isDirectory()) return []
    return [`workspace "${name}": "${directory}" is not a folder; give one with -w ${name}=DIR`]
  })
  return (await Promise.all(looked)).flat()
}

async function firstOf(
  done: Promise<void>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<'done' | 'timeout' | 'interrupted'> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      done.then(() => 'done' as const),
      new Promise<'interrupted'>(settle =>
        signal.addEventListener('abort', () => settle('interrupted'), { once: true }),
      ),
      ...(timeoutMs === undefined
        ? []
        : [
            new Promise<'timeout'>(settle => {
              timer = setTimeout(() => settle('timeout'), timeoutMs)
            }),
          ]),
    ])
  } finally {
    clearTimeout(timer)
  }
}
