/** What a round of `tektite run` starts, or everything that is wrong with what was asked for. */
import type { CliContext } from '../context.js'
import { readManifests } from '../manifests.js'
import { describeProblem } from '../print/problem.js'
import { type StartList, startList } from '../start-list.js'
import type { RunOptions } from './options.js'
import { findWorkingFolders, type NamedFolder } from './working-folders.js'

export interface Prepared {
  readonly is: 'ok'
  readonly list: Extract<StartList, { is: 'ok' }>
  readonly workspaces: readonly NamedFolder[]
  readonly besides: readonly string[]
  readonly warnings: readonly string[]
}

export type Preparation = Prepared | { readonly is: 'refused'; readonly problems: readonly string[] }

export async function prepare(context: CliContext, options: RunOptions): Promise<Preparation> {
  const { config, stdin } = context
  const [read, folders] = await Promise.all([
    readManifests(options, { stdin, configNames: config.configNames }),
    findWorkingFolders(options.workspaces, config.tempDir),
  ])
  const problems = [...[...read.unreadable, ...read.problems].map(describeProblem), ...folders.problems]
  if (problems.length > 0) return { is: 'refused', problems }
  const { workspaces, besides } = folders
  const list = startList(read.objects, { ...options, workspaces })
  if (list.is === 'refused') return { is: 'refused', problems: [list.message] }
  return { is: 'ok', list, workspaces, besides, warnings: read.warnings.map(describeProblem) }
}
