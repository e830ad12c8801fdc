/** What was filled in, as the run to create. Pure. */
import type { ParamSpec, ParamValue, Pipeline, Task, WorkspaceBinding } from '../../../src/resources/tekton.js'

export const VOLUMES = ['emptyDir', 'volumeClaimTemplate', 'persistentVolumeClaim', 'configMap', 'secret'] as const
export type VolumeKind = (typeof VOLUMES)[number]

export interface FilledWorkspace {
  /** '' for an optional one that is left out. */
  readonly kind: VolumeKind | ''
  /** Of the claim, ConfigMap or Secret; the size where one is made. */
  readonly text: string
}

export interface Filled {
  /** As text, whatever the type: an array's items and an object's `key=value` pairs are on lines of their own. */
  readonly params: Readonly<Record<string, string>>
  readonly workspaces: Readonly<Record<string, FilledWorkspace>>
  readonly serviceAccount: string
}

export type Startable = Pick<Pipeline | Task, 'kind' | 'metadata' | 'spec'>

export function filledFromDefaults({ spec }: Startable): Filled {
  return {
    params: Object.fromEntries((spec.params ?? []).map(param => [param.name, textOf(param.default)])),
    workspaces: Object.fromEntries(
      (spec.workspaces ?? []).map(
        ({ name, optional }) => [name, { kind: optional ? '' : 'emptyDir', text: '' }] as const,
      ),
    ),
    serviceAccount: '',
  }
}

export function runOf(of: Startable, filled: Filled): Readonly<Record<string, unknown>> {
  const { kind, metadata, spec } = of
  const params = (spec.params ?? []).flatMap(param => {
    const text = filled.params[param.name] ?? ''
    // What is as it was is not written down: a later default reaches a rerun.
    return param.default !== undefined && text === textOf(param.default)
      ? []
      : [{ name: param.name, value: paramValue(param, text) }]
  })
  const workspaces = Object.entries(filled.workspaces).flatMap(([name, chosen]) => bindingOf(name, chosen))
  const account = filled.serviceAccount.trim()
  const isTask = kind === 'Task'
  return {
    apiVersion: 'tekton.dev/v1',
    kind: isTask ? 'TaskRun' : 'PipelineRun',
    metadata: { generateName: `${metadata.name.slice(0, 56)}-`, namespace: metadata.namespace },
    spec: {
      [isTask ? 'taskRef' : 'pipelineRef']: { name: metadata.name },
      ...(params.length > 0 && { params }),
      ...(workspaces.length > 0 && { workspaces }),
      ...(account !== '' &&
        (isTask ? { serviceAccountName: account } : { taskRunTemplate: { serviceAccountName: account } })),
    },
  }
}

/** Names of what has to be filled in and is not. */
export function missing({ spec }: Startable, filled: Filled): readonly string[] {
  const params = (spec.params ?? []).filter(
    ({ name, default: given }) => given === undefined && filled.params[name] === '',
  )
  const volumes = Object.entries(filled.workspaces).filter(
    ([, { kind, text }]) => kind !== '' && kind !== 'emptyDir' && text.trim() === '',
  )
  return [...params.map(({ name }) => name), ...volumes.map(([name]) => name)]
}

export function textOf(value: ParamValue | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.join('\n')
  return Object.entries(value)
    .map(([key, text]) => `${key}=${text}`)
    .join('\n')
}

function paramValue({ type, default: given }: ParamSpec, text: string): ParamValue {
  const kind = type ?? (Array.isArray(given) ? 'array' : typeof given === 'object' ? 'object' : 'string')
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (kind === 'array') return lines
  if (kind === 'string') return text
  return Object.fromEntries(
    lines.map(line => {
      const [key = '', ...rest] = line.split('=')
      return [key.trim(), rest.join('=')]
    }),
  )
}

function bindingOf(name: string, { kind, text }: FilledWorkspace): readonly WorkspaceBinding[] {
  const given = text.trim()
  switch (kind) {
    case '':
      return []
    case 'emptyDir':
      return [{ name, emptyDir: {} }]
    case 'volumeClaimTemplate':
      return [
        {
          name,
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: given } } },
          },
        },
      ]
    case 'persistentVolumeClaim':
      return [{ name, persistentVolumeClaim: { claimName: given } }]
    case 'configMap':
      return [{ name, configMap: { name: given } }]
    case 'secret':
      return [{ name, secret: { secretName: given } }]
  }
}
