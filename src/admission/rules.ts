/** Per kind: which defaults and which rules apply. */

import type { CustomResourceDefinitionSpec } from '../resources/custom-resources.js'
import type { Kind } from '../resources/kinds.js'
import type { NewMeta } from '../resources/meta.js'
import { missing, type Problem } from '../resources/problem.js'
import { RESOLVER_TYPE_LABEL } from '../resources/resolution.js'
import type { ScheduleSpec } from '../resources/schedules.js'
import type { Json } from '../resources/shape.js'
import type { PipelineRunSpec, PipelineSpec, StepActionSpec, TaskRunSpec, TaskSpec } from '../resources/tekton.js'
import type {
  EventListenerSpec,
  InterceptorSpec,
  TriggerBindingSpec,
  TriggerSpec,
  TriggerTemplateSpec,
} from '../resources/triggers.js'
import {
  defaultCustomRunSpec,
  defaultPipelineRunSpec,
  defaultPipelineSpec,
  defaultRunMeta,
  defaultStepActionSpec,
  defaultTaskRunSpec,
  defaultTaskSpec,
} from '../run/defaults.js'
import type { Settings } from '../run/settings.js'
import { validateCustomRunSpec } from '../run/validate/custom-run.js'
import type { Rules } from '../run/validate/gates.js'
import { validatePipeline } from '../run/validate/pipeline.js'
import { validatePipelineRunSpec } from '../run/validate/pipeline-run.js'
import { validateStepAction, validateTask } from '../run/validate/task.js'
import { validateTaskRunSpec } from '../run/validate/task-run.js'
import { defaultScheduleSpec, validateSchedule } from '../schedule/validate.js'
import { defaultEventListenerSpec, defaultInterceptorMeta, defaultTriggerSpec } from '../trigger/defaults.js'
import {
  validateEventListener,
  validateInterceptorKind,
  validateTrigger,
  validateTriggerBinding,
  validateTriggerTemplate,
} from '../trigger/validate.js'
import { defaultDefinitionSpec, validateDefinition } from './custom/definition.js'

interface Draft {
  readonly metadata: NewMeta
  readonly body: Json
}

/** The shape check has made sure of the types that are claimed here. */
function specOf<T>(body: Json): T {
  return (body['spec'] ?? {}) as T
}

export function defaultedSpec(kind: Kind, metadata: NewMeta, body: Json, settings: Settings): Draft {
  const withSpec = (spec: unknown, meta = metadata): Draft => ({ metadata: meta, body: { ...body, spec } })
  switch (kind) {
    case 'Task':
      return withSpec(defaultTaskSpec(specOf<TaskSpec>(body), settings))
    case 'StepAction':
      return withSpec(defaultStepActionSpec(specOf<StepActionSpec>(body)))
    case 'TaskRun':
      return withSpec(
        defaultTaskRunSpec(specOf<TaskRunSpec>(body), settings),
        defaultRunMeta('TaskRun', metadata, settings),
      )
    case 'Pipeline':
      return withSpec(defaultPipelineSpec(specOf<PipelineSpec>(body), settings))
    case 'PipelineRun':
      return withSpec(
        defaultPipelineRunSpec(specOf<PipelineRunSpec>(body), settings),
        defaultRunMeta('PipelineRun', metadata, settings),
      )
    case 'CustomRun':
      return withSpec(defaultCustomRunSpec(specOf<Json>(body), settings))
    case 'EventListener':
      return withSpec(defaultEventListenerSpec(specOf<EventListenerSpec>(body), settings.serviceAccount))
    case 'Trigger':
      return withSpec(defaultTriggerSpec(specOf<TriggerSpec>(body)))
    case 'ClusterInterceptor':
    case 'Interceptor':
      return { metadata: defaultInterceptorMeta(metadata), body }
    case 'Schedule':
      return withSpec(defaultScheduleSpec(specOf<ScheduleSpec>(body)))
    case 'CustomResourceDefinition':
      return withSpec(defaultDefinitionSpec(specOf<CustomResourceDefinitionSpec>(body)))
    case 'Secret':
      return { metadata, body: { ...body, type: body['type'] || 'Opaque' } }
    default:
      return { metadata, body }
  }
}

export function specProblems(kind: Kind, metadata: NewMeta, body: Json, rules: Rules): readonly Problem[] {
  switch (kind) {
    case 'Task':
      return validateTask(specOf<TaskSpec>(body), 'spec', rules)
    case 'StepAction':
      return validateStepAction(specOf<StepActionSpec>(body), 'spec', rules)
    case 'TaskRun':
      return validateTaskRunSpec(specOf<TaskRunSpec>(body), 'spec', rules)
    case 'Pipeline':
      return validatePipeline(specOf<PipelineSpec>(body), 'spec', rules)
    case 'PipelineRun':
      return validatePipelineRunSpec(specOf<PipelineRunSpec>(body), 'spec', rules)
    case 'CustomRun':
      return validateCustomRunSpec(specOf<Json>(body), 'spec')
    case 'ResolutionRequest':
      return metadata.labels?.[RESOLVER_TYPE_LABEL] ? [] : [missing(`meta.labels.${RESOLVER_TYPE_LABEL}`)]
    case 'EventListener':
      return validateEventListener(metadata, specOf<EventListenerSpec>(body))
    case 'Trigger':
      return validateTrigger(specOf<TriggerSpec>(body), 'spec')
    case 'TriggerBinding':
    case 'ClusterTriggerBinding':
      return validateTriggerBinding(specOf<TriggerBindingSpec>(body))
    case 'TriggerTemplate':
      return validateTriggerTemplate(specOf<TriggerTemplateSpec>(body), 'spec')
    case 'Schedule':
      return validateSchedule(metadata, specOf<ScheduleSpec>(body))
    case 'ClusterInterceptor':
    case 'Interceptor':
      return validateInterceptorKind(specOf<InterceptorSpec>(body))
    case 'CustomResourceDefinition':
      return validateDefinition(metadata, specOf<CustomResourceDefinitionSpec>(body))
    default:
      return []
  }
}
