/** What a round of `tektite run` starts, or everything that is wrong with what was asked for. */
import { describeError } from '../../lib/fault.js'
import { DEBUG_ON_FAILURE_ANNOTATION, FROM_FAILED_ANNOTATION } from '../../resources/annotations.js'
import type { AnyResource } from '../../resources/kinds.js'
import type { New } from '../../resources/meta.js'
import type { Ask } from '../ask.js'
import type { CliContext } from '../context.js'
import { readManifests } from '../manifests.js'
import { describeProblem } from '../print/problem.js'
import { onOneLine } from '../print/style.js'
import { type RunFlags, type StartList, startList } from '../start-list.js'
import { type LastRun, placeOfLastRun, readLastRun } from './last-run.js'
import type { RunOptions } from './options.js'
import { readParamsFile } from './params-file.js'
import { readSecrets } from './secrets.js'
import { withNameOfItsOwn } from './take-over.js'
import { findWorkingFolders, type NamedFolder } from './working-folders.js'

export interface Prepared {
  readonly is: 'ok'
  readonly list: Extract<StartList, { is: 'ok' }>
  readonly workspaces: readonly NamedFolder[]
  readonly besides: readonly string[]
  /** Where what is left of a run that fails is kept, for the next one. */
  readonly place?: string
  /** Taken over. */
  readonly last?: LastRun
  readonly warnings: readonly string[]
}

export type Preparation = Prepared | { readonly is: 'refused'; readonly problems: readonly string[] }

export async function prepare(context: CliContext, options: RunOptions): Promise<Preparation> {
  const { config, stdin } = context
  const [read, folders, fileParams, secrets] = await Promise.all([
    readManifests(options, { stdin, configNames: config.configNames }),
    findWorkingFolders(options.workspaces, config.tempDir),
    orProblem(options.paramsFile === undefined ? [] : readParamsFile(options.paramsFile, stdin)),
    orProblem(readSecrets(options.secretFlags ?? [], context.environment)),
  ])
  const problems = [
    ...[...read.unreadable, ...read.problems].map(describeProblem),
    ...folders.problems,
    ...(typeof fileParams === 'string' ? [fileParams] : []),
    ...(typeof secrets === 'string' ? secrets.split('\n') : []),
  ]
  if (problems.length > 0 || typeof fileParams === 'string' || typeof secrets === 'string')
    return { is: 'refused', problems }
  const { workspaces, besides } = folders
  const place = await placeOfLastRun(options.files, workspaces, context.environment)
  const last = options.fromFailed === true ? await orProblem(readLastRun(place)) : undefined
  if (typeof last === 'string') return { is: 'refused', problems: [last] }
  const annotations = {
    ...(options.debugOnFailure === true && { [DEBUG_ON_FAILURE_ANNOTATION]: 'true' }),
    ...(last && { [FROM_FAILED_ANNOTATION]: last.name }),
  }
  const flags = { ...options, workspaces, fileParams, secrets, annotations }
  const list = await completeList(read.objects, flags, context.ask)
  if (list.is === 'refused') return { is: 'refused', problems: [list.message] }
  return {
    is: 'ok',
    list: last ? { ...list, runs: list.runs.map(withNameOfItsOwn) } : list,
    workspaces,
    besides,
    warnings: read.warnings.map(describeProblem),
    ...(place !== undefined && { place }),
    ...(last && { last }),
  }
}

/** Asks for what nothing says, where somebody can answer. */
async function completeList(
  objects: readonly New<AnyResource>[],
  flags: RunFlags,
  ask: Ask | undefined,
): Promise<Exclude<StartList, { is: 'lacking' }>> {
  const list = startList(objects, flags)
  if (list.is !== 'lacking') return list
  if (ask === undefined || list.workspaces.length > 0) return { is: 'refused', message: lackingText(list) }
  const answers: { name: string; value: string }[] = []
  for (const spec of list.params) {
    const about = spec.description ? ` (${onOneLine(spec.description)})` : ''
    const form = spec.type === 'array' ? ', as a JSON list' : spec.type === 'object' ? ', as JSON' : ''
    answers.push({ name: spec.name, value: await ask(`param ${onOneLine(spec.name)}${about}${form}: `) })
  }
  const again = startList(objects, { ...flags, params: [...flags.params, ...answers] })
  return again.is === 'lacking' ? { is: 'refused', message: lackingText(again) } : again
}

function lackingText({ of, params, workspaces }: Extract<StartList, { is: 'lacking' }>): string {
  const needs = [
    ...(params.length > 0
      ? [`${params.length > 1 ? 'params' : 'param'} ${quoted(params.map(({ name }) => name))}`]
      : []),
    ...(workspaces.length > 0 ? [`${workspaces.length > 1 ? 'workspaces' : 'workspace'} ${quoted(workspaces)}`] : []),
  ]
  const flags = [...params.map(({ name }) => `-p ${name}=VALUE`), ...workspaces.map(name => `-w ${name}=DIR`)]
  const file = params.length > 0 ? ', or params as a map in --params-file' : ''
  return `${of} needs ${needs.join(' and ')}; give ${flags.join(' ')}${file}`
}

function quoted(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}

async function orProblem<T extends object>(value: T | Promise<T>): Promise<T | string> {
  try {
    return await value
  } catch (error) {
    return describeError(error)
  }
}
