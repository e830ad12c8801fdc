/** What `describe` says of an object, by its kind; what belongs to it is looked up here. */
import type { AnyResource } from '../../resources/kinds.js'
import type { Client } from '../client/client.js'
import { DEFINITION_LABELS } from '../nouns/nouns.js'
import type { Description } from '../print/sections.js'
import type { Style } from '../print/style.js'
import { pipelineDescription, stepActionDescription, taskDescription } from './definitions.js'
import { customRunDescription, pipelineRunDescription, taskRunDescription } from './runs.js'
import { scheduleDescription } from './schedules.js'
import { bindingDescription, interceptorDescription, listenerDescription, templateDescription } from './triggers.js'

export interface DescribeView {
  readonly now: number
  readonly style: Style
}

export async function describedAs(
  client: Pick<Client, 'list'>,
  object: AnyResource,
  view: DescribeView,
): Promise<Description> {
  const { namespace, name } = object.metadata
  switch (object.kind) {
    case 'PipelineRun': {
      const labelSelector = `tekton.dev/pipelineRun=${name}`
      const children = await client.list('TaskRun', { namespace, labelSelector })
      return pipelineRunDescription(object as never, children, view)
    }
    case 'TaskRun':
      return taskRunDescription(object as never, view)
    case 'CustomRun':
      return customRunDescription(object as never, view)
    case 'Pipeline': {
      const labelSelector = `${DEFINITION_LABELS.PipelineRun}=${name}`
      return pipelineDescription(object as never, await client.list('PipelineRun', { namespace, labelSelector }), view)
    }
    case 'Task': {
      const labelSelector = `${DEFINITION_LABELS.TaskRun}=${name}`
      return taskDescription(object as never, await client.list('TaskRun', { namespace, labelSelector }), view)
    }
    case 'StepAction':
      return stepActionDescription(object as never)
    case 'EventListener':
      return listenerDescription(object as never)
    case 'TriggerBinding':
    case 'ClusterTriggerBinding':
      return bindingDescription(object as never)
    case 'TriggerTemplate':
      return templateDescription(object as never)
    case 'Schedule':
      return scheduleDescription(object as never, view)
    default:
      return interceptorDescription(object as never)
  }
}
