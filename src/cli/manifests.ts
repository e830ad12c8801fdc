/** The manifests that a command is given: read from files, folders and standard input, and admitted all at once. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type AdmitOptions, admitManifests, type ManifestText } from '../admission/admit.js'
import { describeError } from '../lib/fault.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import { configOf, settingsFrom } from '../run/config-maps.js'
import { CONFIG_NAMESPACE, type ConfigNames } from '../run/config-names.js'

export interface ManifestPaths {
  /** Files and folders; `-` is standard input. */
  readonly files: readonly string[]
  /** Files with the ConfigMaps of an installation: its defaults and feature flags. */
  readonly config: readonly string[]
  /** Folders within folders too. */
  readonly recursive?: boolean
  /** Whether the objects fit together is looked at too: for who starts none of them. */
  readonly together?: boolean
}

export interface Manifests {
  /** Those of the config files first. Complete only without problems. */
  readonly objects: readonly New<AnyResource>[]
  /** Files that nobody could look into. */
  readonly unreadable: readonly Problem[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Everything that is wrong with any of the files, all at once. */
export async function readManifests(
  { files, config, recursive = false, together = false }: ManifestPaths,
  context: { readonly stdin: () => Promise<string>; readonly configNames: ConfigNames },
): Promise<Manifests> {
  const [settings, manifests] = [
    await readTexts(config, false, context.stdin),
    await readTexts(files, recursive, context.stdin),
  ]
  const installed = admitManifests(settings.texts, { namespace: CONFIG_NAMESPACE, configNames: context.configNames })
  const options: AdmitOptions = { configNames: context.configNames }
  const found =
    installed.is === 'ok'
      ? installed.objects.map(object => ({ object, is: configOf(object, context.configNames) }))
      : []
  const strangers = found
    .filter(({ is }) => is === undefined)
    .map(({ object }) => notConfig(object, context.configNames))
  const roles = found.flatMap(({ is }) => (is ? [[is.role, is.data] as const] : []))
  const admitted = admitManifests(manifests.texts, { ...options, settings: settingsFrom(Object.fromEntries(roles)) })
  const references = together && admitted.is === 'ok' ? admitted.references() : undefined
  return {
    objects: [...found.map(({ object }) => object), ...(admitted.is === 'ok' ? admitted.objects : [])],
    unreadable: [...settings.problems, ...manifests.problems],
    problems: [
      ...(installed.is === 'refused' ? installed.problems : []),
      ...strangers,
      ...(admitted.is === 'refused' ? admitted.problems : []),
      ...(references?.problems ?? []),
    ],
    warnings: [...admitted.warnings, ...(references?.warnings ?? [])],
  }
}

function notConfig({ kind, metadata }: New<AnyResource>, names: ConfigNames): Problem {
  const known = Object.values(names).join(', ')
  const message = `${kind} "${metadata.namespace}/${metadata.name ?? ''}" is no settings`
  const hint = `--config takes the ConfigMaps ${known} of namespace ${CONFIG_NAMESPACE}; everything else goes into -f`
  return problem(message, '', { complete: true, hint })
}

interface Texts {
  readonly texts: readonly ManifestText[]
  readonly problems: readonly Problem[]
}

async function readTexts(paths: readonly string[], recursive: boolean, stdin: () => Promise<string>): Promise<Texts> {
  const texts: ManifestText[] = []
  const problems: Problem[] = []
  for (const path of paths) {
    try {
      if (path === '-') texts.push({ file: '-', text: await stdin() })
      else for (const file of await filesAt(path, recursive)) texts.push({ file, text: await readFile(file, 'utf8') })
    } catch (error) {
      const hint = 'give a readable file or folder, or - for standard input'
      problems.push(problem(`file "${path}" cannot be read: ${describeError(error)}`, '', { complete: true, hint }))
    }
  }
  return { texts, problems }
}

/** As kubectl: of a folder the YAML and JSON files in it, sorted; of folders in it only when asked for. */
async function filesAt(path: string, recursive: boolean): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive, withFileTypes: true })
  const files = entries.filter(entry => !entry.isDirectory() && /\.(ya?ml|json)$/.test(entry.name))
  if (files.length === 0) throw new Error('the folder holds no .yaml, .yml or .json file')
  return files.map(entry => join(entry.parentPath, entry.name)).sort()
}
