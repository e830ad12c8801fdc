/** What descriptions of several kinds have in common. Pure. */
import type { Condition, ObjectMeta, Resource } from '../../resources/meta.js'
import type { Param, ParamSpec, ParamValue, Reference, ResultSpec, WorkspaceBinding } from '../../resources/tekton.js'
import { typeOfParam } from '../../run/params.js'
import { succeededCondition } from '../../status/conditions.js'
import { type AnyRun, newestFirst, runCells } from '../print/lists.js'
import type { Description, Section } from '../print/sections.js'
import { brief } from '../print/style.js'
import type { Column } from '../print/table.js'
import type { DescribeView } from './describe.js'

const NAME: Column = { head: 'NAME', cut: { order: 3, least: 16 } }
const VALUE: Column = { head: 'VALUE', cut: { order: 1, least: 10 } }
const DESCRIPTION: Column = { head: 'DESCRIPTION', cut: { order: 1, least: 10 } }
const RUN_COLUMNS: readonly Column[] = [
  NAME,
  { head: 'STARTED' },
  { head: 'DURATION' },
  { head: 'STATUS', cut: { order: 2, least: 12 } },
]
/** More of them are in a list. */
const RUNS_SHOWN = 10

export function aboutObject({ metadata }: Resource): Description['about'] {
  return [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
  ]
}

export function labelsAndAnnotations({ labels = {}, annotations = {} }: ObjectMeta): NonNullable<Description['lists']> {
  const lines = (texts: Readonly<Record<string, string>>) =>
    Object.entries(texts)
      .filter(([name]) => name !== 'kubectl.kubernetes.io/last-applied-configuration')
      .map(([name, value]) => brief(`${name}=${value}`))
  return [
    ['Labels', lines(labels)],
    ['Annotations', lines(annotations)],
  ]
}

export function statusSection(run: AnyRun, view: DescribeView): Section {
  return { title: 'Status', columns: RUN_COLUMNS.slice(1), rows: [runCells(run, view)] }
}

/** Why it is as it is, where that is worth a word. */
export function messageSection(run: AnyRun): Section {
  const { status, message = '' }: Partial<Condition> = succeededCondition(run) ?? {}
  return { title: 'Message', text: status === 'True' ? '' : message }
}

export function runsSection(title: string, runs: readonly AnyRun[], view: DescribeView): Section {
  const shown = newestFirst(runs).slice(0, RUNS_SHOWN)
  return { title, columns: RUN_COLUMNS, rows: shown.map(run => [run.metadata.name, ...runCells(run, view)]) }
}

export function paramsSection(params: readonly Param[] = []): Section {
  return { title: 'Params', columns: [NAME, VALUE], rows: params.map(({ name, value }) => [name, valueText(value)]) }
}

export function paramSpecsSection(params: readonly ParamSpec[] = []): Section {
  return {
    title: 'Params',
    columns: [NAME, { head: 'TYPE' }, DESCRIPTION, { head: 'DEFAULT VALUE', cut: { order: 2, least: 13 } }],
    rows: params.map(spec => [
      spec.name,
      typeOfParam(spec),
      [spec.description ?? '', spec.enum ? `one of ${spec.enum.join(', ')}` : '']
        .filter(text => text !== '')
        .join('; '),
      spec.default === undefined ? '---' : valueText(spec.default),
    ]),
  }
}

export function resultsSection(
  results: readonly { readonly name: string; readonly value: ParamValue }[] = [],
): Section {
  return { title: 'Results', columns: [NAME, VALUE], rows: results.map(({ name, value }) => [name, valueText(value)]) }
}

export function resultSpecsSection(results: readonly Pick<ResultSpec, 'name' | 'description'>[] = []): Section {
  return {
    title: 'Results',
    columns: [NAME, DESCRIPTION],
    rows: results.map(({ name, description = '' }) => [name, description.trim()]),
  }
}

export function declaredWorkspaces(
  workspaces: readonly { readonly name: string; readonly description?: string; readonly optional?: boolean }[] = [],
): Section {
  return {
    title: 'Workspaces',
    columns: [NAME, DESCRIPTION, { head: 'OPTIONAL' }],
    rows: workspaces.map(({ name, description = '', optional = false }) => [name, description.trim(), `${optional}`]),
  }
}

export function boundWorkspaces(workspaces: readonly WorkspaceBinding[] = []): Section {
  return {
    title: 'Workspaces',
    columns: [NAME, { head: 'SUB PATH' }, { head: 'WORKSPACE BINDING', cut: { order: 1, least: 20 } }],
    rows: workspaces.map(workspace => [workspace.name, workspace.subPath ?? '---', bindingText(workspace)]),
  }
}

/** As tkn: with the words of its `--workspace` flag. */
export function bindingText(workspace: WorkspaceBinding): string {
  const { persistentVolumeClaim, configMap, secret, volumeClaimTemplate, emptyDir, csi, projected } = workspace
  if (persistentVolumeClaim) return `PersistentVolumeClaim (claimName=${persistentVolumeClaim.claimName})`
  if (configMap) return `ConfigMap (config=${configMap.name})`
  if (secret) return `Secret (secret=${secret.secretName})`
  if (volumeClaimTemplate) return 'VolumeClaimTemplate'
  if (emptyDir) return `EmptyDir (emptyDir=${emptyDir.medium ?? ''})`
  if (csi) return `CSI (driver=${csi['driver']})`
  return projected ? 'Projected' : '---'
}

export function referenceText({ name, resolver, params = [] }: Reference): string {
  if (resolver === undefined) return name ?? ''
  return `${resolver} (${params.map(param => `${param.name}=${valueText(param.value)}`).join(', ')})`
}

/** As tkn: a list in brackets. */
export function valueText(value: ParamValue): string {
  if (typeof value === 'string') return value.trimEnd()
  return Array.isArray(value) ? `[${value.join(', ')}]` : JSON.stringify(value)
}
