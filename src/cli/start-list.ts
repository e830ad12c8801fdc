/** What `tektite run` makes of the objects in its files: what is stored first, what is run, what is wrong. Pure. */

import { HOST_PATH_ANNOTATION } from '../resources/annotations.js'
import type { PersistentVolumeClaim, Secret } from '../resources/core.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { isRecord } from '../resources/shape.js'
import type {
  Param,
  ParamSpec,
  ParamValue,
  Pipeline,
  PipelineRun,
  Task,
  TaskRun,
  WorkspaceBinding,
} from '../resources/tekton.js'
import { typeOfParam } from '../run/params.js'
import type { SecretValue } from './run/secrets.js'

export interface RunFlags {
  /** Of a params file; `params` come before them. */
  readonly fileParams?: readonly Param[]
  /** For every namespace with runs; a key comes before that of a Secret in the files. */
  readonly secrets?: readonly SecretValue[]
  /** On all runs. */
  readonly annotations?: Readonly<Record<string, string>>
  /** `-p name=value`, in order. */
  readonly params: readonly { readonly name: string; readonly value: string }[]
  /** `-w name=DIR`, with absolute folders. */
  readonly workspaces: readonly { readonly name: string; readonly directory: string }[]
}

export type StartList =
  | {
      readonly is: 'ok'
      readonly support: readonly New<AnyResource>[]
      readonly runs: readonly New<PipelineRun | TaskRun>[]
    }
  /** Nothing says what these are. In the order in which they are declared. */
  | {
      readonly is: 'lacking'
      readonly of: string
      readonly params: readonly ParamSpec[]
      readonly workspaces: readonly string[]
    }
  | { readonly is: 'refused'; readonly message: string }

export function startList(objects: readonly New<AnyResource>[], flags: RunFlags): StartList {
  const twice = givenTwice(objects)
  if (twice !== undefined) return { is: 'refused', message: twice }
  const support = objects.filter(object => !isRun(object))
  const written = objects.filter(isRun)
  const runs = written.length > 0 ? written.map(run => withParams(run, flags)) : bareRun(support, flags)
  if (typeof runs === 'string') return { is: 'refused', message: runs }
  if ('is' in runs) return runs
  const bound = runs.map(run => withAnnotations(withWorkspaces(run, flags), flags))
  const namespaces = [...new Set(bound.map(run => run.metadata.namespace))]
  const claims = namespaces.flatMap(namespace => flags.workspaces.map(workspace => claimFor(workspace, namespace)))
  return { is: 'ok', support: [...withSecrets(support, namespaces, flags), ...claims], runs: bound }
}

/** Those of the flags, each whole or as more keys of one that the files hold. */
function withSecrets(
  support: readonly New<AnyResource>[],
  namespaces: readonly (string | undefined)[],
  { secrets = [] }: RunFlags,
): readonly New<AnyResource>[] {
  const names = [...new Set(secrets.map(({ name }) => name))]
  const given = namespaces.flatMap(namespace => names.map(name => ({ namespace, name })))
  const isGiven = ({ kind, metadata }: New<AnyResource>) =>
    kind === 'Secret' && given.some(one => one.name === metadata.name && one.namespace === metadata.namespace)
  const made = given.map(({ namespace, name }): New<Secret> => {
    const written = support.find(
      (object): object is New<Secret> =>
        object.kind === 'Secret' && object.metadata.name === name && object.metadata.namespace === namespace,
    )
    const data = Object.fromEntries(secrets.filter(one => one.name === name).map(({ key, value }) => [key, value]))
    if (written === undefined) {
      const metadata = { name, ...(namespace !== undefined && { namespace }) }
      return { apiVersion: 'v1', kind: 'Secret', metadata, data } as New<Secret>
    }
    const texts = Object.entries(written.stringData ?? {}).filter(([key]) => data[key] === undefined)
    return { ...written, data: { ...written.data, ...data }, stringData: Object.fromEntries(texts) }
  })
  return [...support.filter(object => !isGiven(object)), ...made]
}

function withAnnotations<R extends New<PipelineRun | TaskRun>>(run: R, { annotations }: RunFlags): R {
  if (Object.keys(annotations ?? {}).length === 0) return run
  return { ...run, metadata: { ...run.metadata, annotations: { ...run.metadata.annotations, ...annotations } } }
}

/** Found before anything runs: the store would refuse the second one when the first is running already. */
function givenTwice(objects: readonly New<AnyResource>[]): string | undefined {
  const seen = new Set<string>()
  for (const { kind, metadata } of objects) {
    if (metadata.name === undefined) continue
    const name = `${kind} "${metadata.namespace}/${metadata.name}"`
    if (seen.has(name)) return `${name} is in the files twice; leave one out, or give it a name of its own`
    seen.add(name)
  }
  return undefined
}

function isRun(object: New<AnyResource>): object is New<PipelineRun> | New<TaskRun> {
  return object.kind === 'PipelineRun' || object.kind === 'TaskRun'
}

/** Files without a run: the one Pipeline, or the one Task, is started. */
function bareRun(
  support: readonly New<AnyResource>[],
  flags: RunFlags,
): readonly New<PipelineRun | TaskRun>[] | string | Extract<StartList, { is: 'lacking' }> {
  const pipelines = support.filter((object): object is New<Pipeline> => object.kind === 'Pipeline')
  const tasks = support.filter((object): object is New<Task> => object.kind === 'Task')
  const candidates: readonly New<Pipeline | Task>[] = pipelines.length > 0 ? pipelines : tasks
  const [only, ...others] = candidates
  if (only === undefined) {
    return 'the files hold no PipelineRun, TaskRun, Pipeline or Task, so there is nothing to run; add one with -f'
  }
  if (others.length > 0) {
    const names = candidates.map(object => `"${object.metadata.name}"`).join(', ')
    return `the files hold ${candidates.length} ${only.kind}s (${names}) and no run, so it is not clear which to start; add a ${only.kind}Run that names one`
  }
  const specs = only.spec.params ?? []
  const params = typedParams(specs, flags)
  const lacking = {
    params: specs.filter(
      ({ name, default: byDefault }) => byDefault === undefined && !params.some(one => one.name === name),
    ),
    // A Task's may be bound by the settings of the installation.
    workspaces:
      only.kind === 'Pipeline'
        ? (only.spec.workspaces ?? [])
            .filter(({ name, optional }) => optional !== true && !flags.workspaces.some(one => one.name === name))
            .map(({ name }) => name)
        : [],
  }
  if (lacking.params.length + lacking.workspaces.length > 0)
    return { is: 'lacking', of: `${only.kind} "${only.metadata.name}"`, ...lacking }
  const metadata = { namespace: only.metadata.namespace, generateName: `${only.metadata.name}-run-` }
  const name = only.metadata.name ?? ''
  return only.kind === 'Pipeline'
    ? [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata, spec: { pipelineRef: { name }, params } }]
    : [{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec: { taskRef: { name, kind: 'Task' }, params } }]
}

/** An array param takes every value given for it, or one JSON list; an object param one JSON object. */
function typedParams(specs: readonly ParamSpec[], flags: RunFlags): readonly Param[] {
  const names = [...new Set(flags.params.map(param => param.name))]
  const ofFile = (flags.fileParams ?? []).filter(({ name }) => !names.includes(name))
  const ofFlags = names.map(name => {
    const values = flags.params.filter(param => param.name === name).map(param => param.value)
    const spec = specs.find(each => each.name === name)
    return { name, value: typedValue(spec, values) }
  })
  return [...ofFile, ...ofFlags]
}

function typedValue(spec: ParamSpec | undefined, values: readonly string[]): ParamValue {
  const last = values.at(-1) ?? ''
  const type = spec === undefined ? 'string' : typeOfParam(spec)
  if (type === 'string') return last
  const json = parseJson(last)
  if (type === 'array') return values.length === 1 && Array.isArray(json) ? json.map(String) : values
  if (!isRecord(json)) return last
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, String(value)]))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: then it is the plain text of the value.
    return undefined
  }
}

/** `-p` on a written run overrides the value of that name, or adds it. */
function withParams<R extends New<PipelineRun> | New<TaskRun>>(run: R, flags: RunFlags): R {
  if (flags.params.length === 0 && (flags.fileParams ?? []).length === 0) return run
  const inline: readonly ParamSpec[] =
    ('pipelineSpec' in run.spec ? run.spec.pipelineSpec?.params : undefined) ??
    ('taskSpec' in run.spec ? run.spec.taskSpec?.params : undefined) ??
    []
  const given = typedParams(inline, flags)
  const kept = (run.spec.params ?? []).filter(param => !given.some(each => each.name === param.name))
  return { ...run, spec: { ...run.spec, params: [...kept, ...given] } }
}

function withWorkspaces<R extends New<PipelineRun | TaskRun>>(run: R, flags: RunFlags): R {
  if (flags.workspaces.length === 0) return run
  const given: readonly WorkspaceBinding[] = flags.workspaces.map(({ name }) => ({
    name,
    persistentVolumeClaim: { claimName: claimNameFor(name) },
  }))
  const kept = (run.spec.workspaces ?? []).filter(binding => !given.some(each => each.name === binding.name))
  return { ...run, spec: { ...run.spec, workspaces: [...kept, ...given] } }
}

function claimFor({ name, directory }: RunFlags['workspaces'][number], namespace: string): New<PersistentVolumeClaim> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name: claimNameFor(name), annotations: { [HOST_PATH_ANNOTATION]: directory } },
    spec: { accessModes: ['ReadWriteOnce'] },
  }
}

export function claimNameFor(workspace: string): string {
  return `tektite-workspace-${workspace.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`
}
