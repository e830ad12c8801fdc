/** One round of `tektite run`: an engine that is thrown away afterwards, and the runs in it to their end. */
import { mkdtemp } from 'node:fs/promises'
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
import { failedStepLogs } from '../print/failed-logs.js'
import { createLive, type Live, type Terminal } from '../print/live.js'
import { printRuns } from '../print/output.js'
import { styleFor } from '../print/style.js'
import { unfinishedLines } from '../print/unfinished.js'
import { writtenBackLines } from '../print/written-back.js'
import { claimNameFor } from '../start-list.js'
import { createDebugShell } from './debug-shell.js'
import { forgetLastRun, keepLastRun } from './last-run.js'
import { EXIT, type RunOptions } from './options.js'
import type { Prepared } from './prepare.js'
import { followStepLogs } from './step-logs.js'
import { isOfLastRun, ranAgainLines, takeOver } from './take-over.js'
import { writeBack } from './write-back.js'

/** Resolves to the exit code, when nothing of the round is left. */
export async function runRound(
  context: CliContext,
  prepared: Prepared,
  options: RunOptions,
  interrupt: AbortSignal,
): Promise<number> {
  const { stderr, stdout, config, now } = context
  const { list, workspaces, besides, place, last } = prepared
  const terminal = liveTerminal(context)
  const style = styleFor(terminal, config)
  const startedAt = now()
  const directory = await mkdtemp(join(config.tempDir, 'tektite-run-'))
  options.folders?.add(directory)
  let engine: EmbeddedEngine | undefined
  let live: Live = NOT_YET
  try {
    const workingFolders = { folders: workspaces.map(workspace => workspace.directory), besides }
    engine = await openEmbedded({
      config,
      log: context.log,
      now,
      dataDir: directory,
      throwAway: true,
      workingFolders,
    })
    const { cluster } = engine
    if (options.quiet !== true) for (const note of engine.notes) stderr.write(`${style.dim('note')}: ${note}\n`)
    const roots: string[] = []
    const showLog = options.showLog ?? !terminal.isTTY
    const shells =
      options.debugOnFailure === true && context.keyboard !== undefined
        ? createDebugShell({
            engine,
            keyboard: context.keyboard,
            terminal: stderr,
            style,
            pause: () => live.pause(),
            signal: interrupt,
          })
        : undefined
    const logs = followStepLogs(engine, line => {
      live.wrote(line)
      shells?.wrote(line)
    })
    const noteChange = (run: PipelineRun | TaskRun, before: PipelineRun | TaskRun | undefined) => {
      live.changed(run, before)
      logs.changed(run)
    }
    const follower = followRuns(cluster, now, noteChange, isOfLastRun)
    live = createLive({
      terminal,
      style,
      color: terminal.isTTY === true && config.color,
      now,
      views: () => roots.flatMap(uid => follower.view(uid) ?? []),
      showLog,
      tailOf: logs.tail,
    })
    for (const object of definitionsFirst(list.support))
      await cluster.create(kindIdOf(object as unknown as Resource), object as never)
    if (last && place !== undefined) await takeOver(engine, place, last)
    for (const run of list.runs) {
      const created = await cluster.create(run.kind, run as New<PipelineRun> & New<TaskRun>)
      roots.push(created.metadata.uid)
    }
    const ended = await firstOf(follower.done(roots), options.timeoutMs, interrupt)
    await shells?.idle()
    await (ended === 'interrupted' ? logs.close() : logs.read())
    live.end()
    const runs = [...follower.runs.values()]
    const finished = roots.flatMap(uid => runs.find(run => run.metadata.uid === uid) ?? [])
    const succeeded = ended === 'done' && finished.every(run => succeededCondition(run)?.status === 'True')
    if (ended !== 'interrupted') {
      // Where all was shown, the end of it is not shown again.
      if (!showLog || ended === 'timeout')
        for await (const text of failedStepLogs(engine, runs, style)) stderr.write(text)
      if (options.output) stdout.write(printRuns(options.output, finished, runs))
    }
    await follower.close()
    if (ended === 'interrupted') {
      if (interrupt.reason === CHANGED) return EXIT.interrupted
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
    if (last) for (const line of ranAgainLines(runs, last, style)) stderr.write(line)
    if (place !== undefined && succeeded) await forgetLastRun(place)
    if (place !== undefined && !succeeded) {
      const claims = new Set(workspaces.map(({ name }) => claimNameFor(name)))
      const hasWorktree = besides.length > 0
      await keepLastRun(place, { roots: finished, runs, startedAt, copies: outermost(engine), claims, hasWorktree })
    }
    let isWhole = true
    if (options.writeBack === true && succeeded)
      for (const { folder, view } of outermost(engine)) {
        const written = await writeBack(folder, view, startedAt)
        for (const line of writtenBackLines(folder, written, style)) stderr.write(line)
        isWhole &&= written.left.length === 0
      }
    return succeeded && isWhole ? EXIT.succeeded : EXIT.failed
  } catch (error) {
    // An object that the store refuses was wrong input; nothing of the user's ran before the first run was created.
    stderr.write(`${style.red('error')}: ${describeError(error)}\n`)
    return EXIT.refused
  } finally {
    live.end()
    await engine?.destroy()
    await removeTree(directory)
    options.folders?.delete(directory)
  }
}

const NOT_YET: Live = { changed() {}, wrote() {}, pause: () => () => undefined, end() {} }

/** Why a round is broken off by `--watch`. */
export const CHANGED = Symbol('changed')

/** Nothing is redrawn where nobody looks, or where somebody asked for plain text. */
export function liveTerminal({ stderr, config, environment }: CliContext): Terminal {
  const isPlain = !config.color || isTrue(environment['CI']) || environment['TERM'] === 'dumb'
  if (!isPlain) return stderr
  return { isTTY: false, write: text => stderr.write(text) }
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && !['', '0', 'false'].includes(text.toLowerCase())
}

/** One workspace may lie in another's folder, and be written back with it. */
function outermost({ workingCopies }: EmbeddedEngine): EmbeddedEngine['workingCopies'] {
  return workingCopies.filter(
    ({ folder }, index) =>
      !workingCopies.some((other, at) =>
        other.folder === folder ? at < index : folder.startsWith(`${other.folder}/`),
      ),
  )
}

function definitionsFirst(objects: readonly New<AnyResource>[]): readonly New<AnyResource>[] {
  const isDefinition = ({ kind }: New<AnyResource>) => kind === 'CustomResourceDefinition'
  return [...objects.filter(isDefinition), ...objects.filter(object => !isDefinition(object))]
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
      new Promise<'interrupted'>(settle => {
        if (signal.aborted) settle('interrupted')
        signal.addEventListener('abort', () => settle('interrupted'), { once: true })
      }),
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
