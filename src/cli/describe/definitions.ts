/** `describe` of Pipelines, Tasks and StepActions. Pure. */
import type { Pipeline, PipelineRun, PipelineTask, StepAction, Task, TaskRun } from '../../resources/tekton.js'
import type { Description, Section } from '../print/sections.js'
import { NOTHING } from '../print/times.js'
import type { DescribeView } from './describe.js'
import {
  aboutObject,
  declaredWorkspaces,
  labelsAndAnnotations,
  paramSpecsSection,
  referenceText,
  resultSpecsSection,
  runsSection,
  valueText,
} from './parts.js'

export function pipelineDescription(pipeline: Pipeline, runs: readonly PipelineRun[], view: DescribeView): Description {
  const { metadata, spec } = pipeline
  return {
    about: [...aboutObject(pipeline), ['Description', spec.description?.trim()]],
    lists: labelsAndAnnotations(metadata),
    sections: [
      paramSpecsSection(spec.params),
      resultSpecsSection(spec.results),
      declaredWorkspaces(spec.workspaces),
      tasksSection('Tasks', spec.tasks),
      tasksSection('Finally', spec.finally),
      runsSection('PipelineRuns', runs, view),
    ],
  }
}

function tasksSection(title: string, tasks: readonly PipelineTask[] = []): Section {
  return {
    title,
    columns: [
      { head: 'NAME', cut: { order: 4, least: 12 } },
      { head: 'TASKREF', cut: { order: 3, least: 9 } },
      { head: 'RUNAFTER', cut: { order: 2, least: 8 } },
      { head: 'TIMEOUT' },
      { head: 'PARAMS', cut: { order: 1, least: 8 } },
    ],
    rows: tasks.map(({ name, taskRef, pipelineRef, taskSpec, runAfter = [], timeout, params = [] }) => {
      const of = taskRef ?? pipelineRef
      const what = of ? referenceText(of) : taskSpec ? 'EMBEDDED' : 'EMBEDDED PIPELINE'
      const given = params.map(param => `${param.name}: ${valueText(param.value)}`)
      return [name, what, runAfter.join(', '), timeout ?? NOTHING, given.join(', ') || NOTHING]
    }),
  }
}

export function taskDescription(task: Task, runs: readonly TaskRun[], view: DescribeView): Description {
  const { metadata, spec } = task
  return {
    about: [
      ...aboutObject(task),
      ['Description', spec.description?.trim()],
      ['Version', metadata.labels?.['app.kubernetes.io/version']],
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [
      paramSpecsSection(spec.params),
      resultSpecsSection(spec.results),
      declaredWorkspaces(spec.workspaces),
      {
        title: 'Steps',
        columns: [{ head: 'NAME' }, { head: 'IMAGE', cut: { order: 1, least: 12 } }],
        rows: spec.steps.map(({ name, image, ref }, at) => [
          name || `unnamed-${at}`,
          image ?? (ref ? `StepAction ${referenceText(ref)}` : NOTHING),
        ]),
      },
      runsSection('Taskruns', runs, view),
    ],
  }
}

export function stepActionDescription(action: StepAction): Description {
  const { metadata, spec } = action
  return {
    about: [...aboutObject(action), ['Description', spec.description?.trim()], ['Image', spec.image]],
    lists: labelsAndAnnotations(metadata),
    sections: [paramSpecsSection(spec.params), resultSpecsSection(spec.results)],
  }
}
