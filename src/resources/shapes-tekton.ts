/** Field tables of tekton.dev, in both spellings. What `tekton.ts` promises about types is kept here. */
import type { DescribedType } from './descriptions.js'
import type { KindInfo } from './kinds.js'
import type { Fields, Shape } from './shape.js'
import {
  commonContainerFields,
  env,
  fullContainerFields,
  partialMeta,
  podTemplate,
  resourceRequirements,
  securityContext,
  strings,
  volume,
  volumeClaimTemplate,
  volumeMounts,
  volumeSources,
} from './shapes-core.js'

const param: Fields = { type: 'Param', fields: { name: 'string', value: 'param-value' }, required: ['name', 'value'] }
const params: Shape = { list: param }
const properties: Shape = { map: { type: 'PropertySpec', fields: { type: 'string' } } }

const paramSpecs: Shape = {
  list: {
    type: 'ParamSpec',
    fields: {
      name: 'string',
      type: 'string',
      description: 'string',
      properties,
      default: 'param-value',
      enum: strings,
    },
    required: ['name'],
    hints: { value: 'a declaration has a default; a value is given by the run' },
  },
}

const results: Shape = {
  list: {
    type: 'TaskResult',
    fields: { name: 'string', type: 'string', description: 'string', properties, value: 'param-value' },
    required: ['name'],
  },
}

export const whenExpressions: Shape = {
  list: { type: 'WhenExpression', fields: { input: 'string', operator: 'string', values: strings, cel: 'string' } },
}

const workspaceUsages: Shape = {
  list: { type: 'WorkspaceUsage', fields: { name: 'string', mountPath: 'string' }, required: ['name'] },
}

const workspaceBindings: Shape = {
  list: {
    type: 'WorkspaceBinding',
    fields: {
      name: 'string',
      subPath: 'string',
      ...volumeSources,
      volumeClaimTemplate,
    },
    required: ['name'],
  },
}

/** Fields of v1beta1 steps that v1 dropped: accepted there, and taken out by `normalise.ts`. */
export const DEPRECATED_STEP_FIELDS: readonly string[] = Object.keys(fullContainerFields)

/** The tables of one version. They differ in a dozen field names; everything else is shared. */
function tables(version: 'v1' | 'v1beta1') {
  const v1 = version === 'v1'
  const old = <T>(fields: T): T | Record<string, never> => (v1 ? {} : fields)

  const resources = v1 ? { computeResources: resourceRequirements } : { resources: resourceRequirements }
  const resourcesHint: Readonly<Record<string, string>> = v1
    ? { resources: 'in tekton.dev/v1 this field is called computeResources' }
    : { computeResources: 'in tekton.dev/v1beta1 this field is called resources' }
  const deprecated: Readonly<Record<string, Shape>> = old(
    Object.fromEntries(DEPRECATED_STEP_FIELDS.map(name => [name, 'any' as const])),
  )

  const containerFields = { ...commonContainerFields, ...resources } as const satisfies Record<string, Shape>

  const reference = (type: DescribedType, extra: Readonly<Record<string, Shape>>): Fields => ({
    type,
    fields: { name: 'string', resolver: 'string', params, ...extra },
  })
  const taskRef = reference('TaskRef', { kind: 'string', apiVersion: 'string', ...old({ bundle: 'string' }) })
  const pipelineRef = reference('PipelineRef', { kind: 'string', apiVersion: 'string', ...old({ bundle: 'string' }) })

  const step: Fields = {
    type: 'Step',
    fields: {
      name: 'string',
      displayName: 'string',
      ...containerFields,
      ...deprecated,
      script: 'string',
      timeout: 'duration',
      workspaces: workspaceUsages,
      onError: 'string',
      stdoutConfig: { type: 'StepOutputConfig', fields: { path: 'string' } },
      stderrConfig: { type: 'StepOutputConfig', fields: { path: 'string' } },
      ref: reference('StepRef', {}),
      params,
      results,
      when: whenExpressions,
    },
    hints: resourcesHint,
  }

  const taskSpecFields: Readonly<Record<string, Shape>> = {
    displayName: 'string',
    description: 'string',
    params: paramSpecs,
    steps: { list: step },
    stepTemplate: {
      type: 'StepTemplate',
      fields: { ...containerFields, ...deprecated, ...old({ name: 'string' }) },
      hints: resourcesHint,
    },
    sidecars: {
      list: {
        type: 'Sidecar',
        fields: {
          name: 'string',
          ...containerFields,
          script: 'string',
          ...fullContainerFields,
          restartPolicy: 'string',
          workspaces: workspaceUsages,
        },
        hints: resourcesHint,
      },
    },
    volumes: { list: volume },
    workspaces: {
      list: {
        type: 'WorkspaceDeclaration',
        fields: {
          name: 'string',
          description: 'string',
          mountPath: 'string',
          readOnly: 'boolean',
          optional: 'boolean',
        },
        required: ['name'],
      },
    },
    results,
    ...old({ resources: 'any' }),
  }
  const taskSpec: Fields = { type: 'TaskSpec', fields: taskSpecFields }
  const inlineTask: Fields = { ...taskSpec, schemaless: true }

  const embeddedTask: Fields = {
    type: 'EmbeddedTask',
    schemaless: true,
    fields: { ...taskSpecFields, metadata: partialMeta, apiVersion: 'string', kind: 'string', spec: 'any' },
  }

  const pipelineTask: Fields = {
    type: 'PipelineTask',
    fields: {
      name: 'string',
      displayName: 'string',
      description: 'string',
      taskRef,
      taskSpec: embeddedTask,
      pipelineRef,
      pipelineSpec: () => inlinePipeline,
      when: whenExpressions,
      retries: 'integer',
      runAfter: strings,
      params,
      matrix: {
        type: 'Matrix',
        fields: {
          params,
          include: { list: { type: 'IncludeParams', fields: { name: 'string', params } } },
        },
      },
      workspaces: {
        list: {
          type: 'WorkspacePipelineTaskBinding',
          fields: { name: 'string', workspace: 'string', subPath: 'string' },
          required: ['name'],
        },
      },
      timeout: 'duration',
      onError: 'string',
      ...old({ resources: 'any' }),
    },
    hints: {
      conditions: 'conditions were replaced by when',
      steps: 'steps belong into taskSpec',
      dependsOn: 'the field is called runAfter',
      needs: 'the field is called runAfter',
    },
  }

  const pipelineSpec: Fields = {
    type: 'PipelineSpec',
    fields: {
      displayName: 'string',
      description: 'string',
      params: paramSpecs,
      workspaces: {
        list: {
          type: 'PipelineWorkspaceDeclaration',
          fields: { name: 'string', description: 'string', optional: 'boolean' },
        },
      },
      tasks: { list: pipelineTask },
      finally: { list: pipelineTask },
      results: {
        list: {
          type: 'PipelineResult',
          fields: { name: 'string', type: 'string', description: 'string', value: 'param-value' },
          required: ['name', 'value'],
        },
      },
      ...old({ resources: 'any' }),
    },
    hints: { steps: 'a Pipeline has tasks; steps belong into a Task' },
  }

  const inlinePipeline: Fields = { ...pipelineSpec, schemaless: true }

  const overrides: Shape = {
    list: { type: 'ContainerResources', fields: { name: 'string', ...resources }, hints: resourcesHint },
  }
  const overrideFields = v1
    ? { stepSpecs: overrides, sidecarSpecs: overrides }
    : { stepOverrides: overrides, sidecarOverrides: overrides }
  const runAsFields: Readonly<Record<string, Shape>> = v1
    ? { serviceAccountName: 'string', podTemplate }
    : { taskServiceAccountName: 'string', taskPodTemplate: podTemplate }

  const taskRunSpec: Fields = {
    type: 'TaskRunSpec',
    fields: {
      taskRef,
      taskSpec: inlineTask,
      params,
      serviceAccountName: 'string',
      status: 'string',
      statusMessage: 'string',
      retries: 'integer',
      timeout: 'duration',
      podTemplate,
      workspaces: workspaceBindings,
      debug: {
        type: 'TaskRunDebug',
        fields: { breakpoints: { type: 'TaskBreakpoints', fields: { onFailure: 'string', beforeSteps: strings } } },
      },
      ...overrideFields,
      computeResources: resourceRequirements,
      managedBy: 'string',
      ...old({ resources: 'any' }),
    },
    hints: { timeouts: 'a TaskRun has one timeout', stepOverrides: 'in tekton.dev/v1 this field is called stepSpecs' },
  }

  const pipelineRunSpec: Fields = {
    type: 'PipelineRunSpec',
    fields: {
      pipelineRef,
      pipelineSpec: inlinePipeline,
      params,
      status: 'string',
      timeouts: { type: 'Timeouts', fields: { pipeline: 'duration', tasks: 'duration', finally: 'duration' } },
      ...(v1
        ? { taskRunTemplate: { type: 'TaskRunTemplate', fields: { podTemplate, serviceAccountName: 'string' } } }
        : { timeout: 'duration', serviceAccountName: 'string', podTemplate }),
      workspaces: workspaceBindings,
      taskRunSpecs: {
        list: {
          type: 'PipelineTaskRunSpec',
          fields: {
            pipelineTaskName: 'string',
            ...runAsFields,
            ...overrideFields,
            metadata: partialMeta,
            computeResources: resourceRequirements,
            timeout: 'duration',
          },
        },
      },
      managedBy: 'string',
      ...old({ resources: 'any' }),
    },
    hints: {
      timeout: 'in tekton.dev/v1 this is timeouts.pipeline',
      serviceAccountName: 'in tekton.dev/v1 this is taskRunTemplate.serviceAccountName',
      podTemplate: 'in tekton.dev/v1 this is taskRunTemplate.podTemplate',
    },
  }

  return { Task: taskSpec, TaskRun: taskRunSpec, Pipeline: pipelineSpec, PipelineRun: pipelineRunSpec }
}

const stepActionSpec: Fields = {
  type: 'StepActionSpec',
  fields: {
    displayName: 'string',
    description: 'string',
    image: 'string',
    command: strings,
    args: strings,
    script: 'string',
    env,
    workingDir: 'string',
    params: paramSpecs,
    results,
    securityContext,
    volumeMounts,
  },
  hints: { envFrom: 'a StepAction has env only; put envFrom on the step that refers to it' },
}

const customRunSpec: Fields = {
  type: 'CustomRunSpec',
  fields: {
    customRef: { type: 'CustomRef', fields: { apiVersion: 'string', kind: 'string', name: 'string' } },
    customSpec: {
      type: 'CustomSpec',
      fields: { apiVersion: 'string', kind: 'string', metadata: partialMeta, spec: 'any' },
    },
    params,
    status: 'string',
    statusMessage: 'string',
    retries: 'integer',
    serviceAccountName: 'string',
    timeout: 'duration',
    workspaces: workspaceBindings,
  },
}

export const RESOLUTION_REQUEST_SPEC: Fields = { type: 'ResolutionRequestSpec', fields: { params, url: 'string' } }

const V1 = tables('v1')
const V1BETA1 = tables('v1beta1')

/** The spec shape of a kind of tekton.dev in a version that `kinds.ts` serves. */
export function tektonSpecShape(kind: string, version: KindInfo['version']): Fields | undefined {
  if (kind === 'StepAction') return stepActionSpec
  if (kind === 'CustomRun') return customRunSpec
  const table: Readonly<Record<string, Fields>> = version === 'v1' ? V1 : V1BETA1
  return Object.hasOwn(table, kind) ? table[kind] : undefined
}
