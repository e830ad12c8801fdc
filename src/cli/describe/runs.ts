/** `describe` of runs. Pure. */
import type { CustomRun, PipelineRun, StepState, TaskRun } from '../../resources/tekton.js'
import { newestFirst, runCells } from '../print/lists.js'
import type { Description, Section } from '../print/sections.js'
import type { Cell } from '../print/table.js'
import { NOTHING, took } from '../print/times.js'
import type { DescribeView } from './describe.js'
import {
  aboutObject,
  boundWorkspaces,
  labelsAndAnnotations,
  messageSection,
  paramsSection,
  referenceText,
  resultsSection,
  statusSection,
} from './parts.js'

export function pipelineRunDescription(
  run: PipelineRun,
  taskRuns: readonly TaskRun[],
  view: DescribeView,
): Description {
  const { metadata, spec, status = {} } = run
  return {
    about: [
      ...aboutObject(run),
      ['Pipeline Ref', spec.pipelineRef && referenceText(spec.pipelineRef)],
      ['Service Account', spec.taskRunTemplate?.serviceAccountName],
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [
      statusSection(run, view),
      messageSection(run),
      timeoutsSection(spec.timeouts),
      paramsSection(spec.params),
      resultsSection(status.results),
      boundWorkspaces(spec.workspaces),
      taskRunsSection(run, taskRuns, view),
      {
        title: 'Skipped Tasks',
        columns: [{ head: 'NAME' }, { head: 'REASON', cut: { order: 1, least: 10 } }],
        rows: (status.skippedTasks ?? []).map(({ name, reason }) => [name, reason]),
      },
    ],
  }
}

function timeoutsSection(timeouts: PipelineRun['spec']['timeouts'] = {}): Section {
  const { pipeline, tasks, finally: last } = timeouts
  const lines = [
    ...(pipeline ? [` Pipeline:   ${pipeline}`] : []),
    ...(tasks ? [` Tasks:      ${tasks}`] : []),
    ...(last ? [` Finally:    ${last}`] : []),
  ]
  return { title: 'Timeouts', text: lines.join('\n') }
}

function taskRunsSection({ status }: PipelineRun, taskRuns: readonly TaskRun[], view: DescribeView): Section {
  const taskOf = new Map(status?.childReferences?.map(({ name, pipelineTaskName }) => [name, pipelineTaskName]))
  const rows = newestFirst(taskRuns).map(child => [
    child.metadata.name,
    taskOf.get(child.metadata.name) ?? child.metadata.labels?.['tekton.dev/pipelineTask'] ?? NOTHING,
    ...runCells(child, view),
  ])
  const name = { head: 'NAME', cut: { order: 3, least: 16 } }
  const task = { head: 'TASK NAME', cut: { order: 2, least: 9 } }
  const columns = [
    name,
    task,
    { head: 'STARTED' },
    { head: 'DURATION' },
    { head: 'STATUS', cut: { order: 4, least: 9 } },
  ]
  return { title: 'Taskruns', columns, rows }
}

export function taskRunDescription(run: TaskRun, view: DescribeView): Description {
  const { metadata, spec, status = {} } = run
  const retries = status.retriesStatus?.length ?? 0
  return {
    about: [
      ...aboutObject(run),
      ['Task Ref', spec.taskRef && referenceText(spec.taskRef)],
      ['Service Account', spec.serviceAccountName],
      ['Timeout', spec.timeout],
      ['Retries', retries === 0 ? undefined : `${retries} of ${spec.retries ?? 0}`],
      ['Pod', status.podName],
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [
      statusSection(run, view),
      messageSection(run),
      paramsSection(spec.params),
      resultsSection(status.results),
      boundWorkspaces(spec.workspaces),
      containersSection('Steps', status.steps, view),
      containersSection('Sidecars', status.sidecars, view),
    ],
  }
}

type ContainerState = Pick<StepState, 'name' | 'waiting' | 'running' | 'terminated' | 'terminationReason'>

function containersSection(title: string, states: readonly ContainerState[] = [], { style }: DescribeView): Section {
  const rows = states.map(({ name, running, terminated, terminationReason, waiting }): readonly Cell[] => {
    const duration = terminated ? took(terminated.startedAt, terminated.finishedAt) : NOTHING
    if (running) return [name, duration, { text: 'Running', paint: style.cyan }]
    if (terminated === undefined) return [name, duration, waiting?.reason ?? NOTHING]
    const reason = terminationReason ?? terminated.reason ?? 'Completed'
    const text = terminated.exitCode === 0 ? reason : `${reason} (exit code ${terminated.exitCode})`
    return [name, duration, { text, paint: terminated.exitCode === 0 ? style.green : style.red }]
  })
  return {
    title,
    columns: [{ head: 'NAME' }, { head: 'DURATION' }, { head: 'STATUS', cut: { order: 1, least: 9 } }],
    rows,
  }
}

export function customRunDescription(run: CustomRun, view: DescribeView): Description {
  const { metadata, spec, status } = run
  const { customRef, customSpec, params, timeout, retries, serviceAccountName } = spec as {
    readonly customRef?: { readonly apiVersion?: string; readonly kind?: string; readonly name?: string }
    readonly customSpec?: { readonly apiVersion?: string; readonly kind?: string }
    readonly params?: Parameters<typeof paramsSection>[0]
    readonly timeout?: string
    readonly retries?: number
    readonly serviceAccountName?: string
  }
  const of = customRef ?? customSpec
  const kind = [of?.apiVersion, of?.kind].filter(text => text).join(' ')
  return {
    about: [
      ...aboutObject(run),
      ['Custom Ref', [customRef?.name ?? '', kind && `(${kind})`].filter(text => text).join(' ')],
      ['Service Account', serviceAccountName],
      ['Timeout', timeout],
      ['Retries', retries ? `${retries}` : undefined],
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [statusSection(run, view), messageSection(run), paramsSection(params), resultsSection(status?.results)],
  }
}
