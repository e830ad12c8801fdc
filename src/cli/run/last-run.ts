/**
 * What the last run of some files left for `--from-failed`: its TaskRuns, and what its steps changed in the folders of
 * workspaces. In the user's cache folder, one for each set of files and folders. No Secret is among it.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Environment } from '../../config.js'
import { removeTree } from '../../kubelet/remove-tree.js'
import type { WorkingCopy } from '../../kubelet/working-copies.js'
import { describeError } from '../../lib/fault.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import { changedByBoth, type KeptChange, keepFolder } from './kept-folder.js'
import type { NamedFolder } from './working-folders.js'

/** Written by this version of the format. */
const VERSION = 1
/** Sets of files that are remembered. */
const MOST_RECORDS = 8
/** Of files that steps wrote, for each of them. */
const MOST_BYTES = 512 * 1024 * 1024

export interface LastRun {
  readonly version: number
  /** The PipelineRun's. */
  readonly name: string
  /** Epoch ms. */
  readonly startedAt: number
  readonly taskRuns: readonly TaskRun[]
  readonly folders: readonly KeptFolder[]
  /** Why it cannot be gone on from; then nothing else of it is kept. */
  readonly unfit?: string
}

interface KeptFolder {
  readonly folder: string
  /** What was there lies in a folder of this name beside the record. */
  readonly place: string
  readonly changes: readonly KeptChange[]
}

/** Undefined where nothing can be remembered: for standard input, or without a HOME. */
export async function placeOfLastRun(
  files: readonly string[],
  workspaces: readonly NamedFolder[],
  environment: Environment,
): Promise<string | undefined> {
  const home = environment['XDG_CACHE_HOME'] || (environment['HOME'] && join(environment['HOME'], '.cache'))
  if (!home || files.includes('-')) return undefined
  const paths = await Promise.all(files.map(file => realpath(file)))
  const folders = workspaces.map(({ name, directory }) => [name, directory].join('=')).sort()
  const key = createHash('sha256')
    .update(JSON.stringify([paths.sort(), folders]))
    .digest('hex')
    .slice(0, 32)
  return join(home, 'tektite', 'last-runs', key)
}

/** @throws Error saying why there is nothing to go on from, and the way out */
export async function readLastRun(place: string | undefined): Promise<LastRun> {
  const refuse = (why: string) => new Error(`--from-failed: ${why}; leave it out to run everything`)
  if (place === undefined) throw refuse('only runs of files are remembered, in the cache folder below HOME')
  const text = await readFile(join(place, 'record.json'), 'utf8').catch(() => undefined)
  if (text === undefined) throw refuse('no failed run of these files with these folders is remembered')
  const last = parsed(text)
  if (last?.version !== VERSION) throw refuse(`"${place}" was written by another version of tektite`)
  if (last.unfit !== undefined) throw refuse(`the last run of these files is not remembered: ${last.unfit}`)
  for (const { folder, changes } of last.folders) {
    const path = await changedByBoth(folder, changes, last.startedAt)
    if (path !== undefined)
      throw refuse(`"${join(folder, path)}" was changed since, and a step of the last run had changed it too`)
  }
  return last
}

function parsed(text: string): LastRun | undefined {
  try {
    return JSON.parse(text) as LastRun
  } catch {
    return undefined
  }
}

export interface EndedRun {
  /** Those that the files asked for. */
  readonly roots: readonly (PipelineRun | TaskRun)[]
  readonly runs: readonly (PipelineRun | TaskRun)[]
  /** Epoch ms. */
  readonly startedAt: number
  readonly copies: readonly WorkingCopy[]
  /** Claims that are the folders of `-w`. */
  readonly claims: ReadonlySet<string>
  /** Some of the folders are linked worktrees. */
  readonly hasWorktree: boolean
}

/** Of a run that failed. Never throws: what cannot be kept is said when somebody asks for it. */
export async function keepLastRun(place: string, ended: EndedRun): Promise<void> {
  const draft = `${place}-${process.pid}`
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 })
    const record = await keep(draft, ended).catch(error => unfit(describeError(error)))
    if (record.unfit !== undefined) {
      await removeTree(draft)
      await mkdir(draft, { mode: 0o700 })
    }
    await writeFile(join(draft, 'record.json'), JSON.stringify(record), { mode: 0o600 })
    await removeTree(place)
    await rename(draft, place)
    // Another command may do the same just now.
    await forgetOldest(dirname(place)).catch(() => undefined)
  } catch {
    // A full disk, a folder that is not ours: then there is no record, and no old one that would be taken for this run's.
    await removeTree(draft).catch(() => undefined)
    await forgetLastRun(place)
  }
}

export async function forgetLastRun(place: string): Promise<void> {
  await removeTree(place).catch(() => undefined)
}

async function keep(
  draft: string,
  { roots, runs, startedAt, copies, claims, hasWorktree }: EndedRun,
): Promise<LastRun> {
  const [root, ...others] = roots
  if (root?.kind !== 'PipelineRun' || others.length > 0) return unfit('it was not one PipelineRun alone')
  if (hasWorktree) return unfit('a folder is a linked worktree of git, whose repository lies elsewhere')
  const taskRuns = runs.filter((run): run is TaskRun => run.kind === 'TaskRun' && isLeft(run, claims))
  if (!taskRuns.some(run => succeededCondition(run)?.status === 'True')) return unfit('no task of it succeeded')
  const budget = { bytes: MOST_BYTES }
  const folders: KeptFolder[] = []
  for (const { folder, view } of copies) {
    const at = `folder-${folders.length}`
    folders.push({ folder, place: at, changes: await keepFolder(folder, view, join(draft, at), budget) })
  }
  return { version: VERSION, name: root.metadata.name, startedAt, taskRuns, folders }
}

function unfit(why: string): LastRun {
  return { version: VERSION, name: '', startedAt: 0, taskRuns: [], folders: [], unfit: why }
}

/** What a task wrote to any other claim went with the engine. */
function isLeft({ spec, status }: TaskRun, claims: ReadonlySet<string>): boolean {
  const volumes = [
    ...(spec.workspaces ?? []),
    ...(status?.taskSpec?.volumes ?? []),
    ...(spec.podTemplate?.volumes ?? []),
  ]
  return volumes.every(({ persistentVolumeClaim: claim }) => claim === undefined || claims.has(claim.claimName))
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder)
  const aged = await Promise.all(names.map(async name => ({ name, at: (await stat(join(folder, name))).mtimeMs })))
  for (const { name } of aged.sort((a, b) => b.at - a.at).slice(MOST_RECORDS)) await removeTree(join(folder, name))
}
