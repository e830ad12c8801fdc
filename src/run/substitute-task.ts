/**
 * `$(…)` replacement in every field of a task that accepts it, and in no other. The replacements are the caller's: the
 * params and workspaces of a TaskRun, or what a PipelineRun knows when it hands an inline task down.
 */
import type { EnvFromSource, EnvVar, KeyToPath, Volume, VolumeMount, VolumeProjection } from '../resources/core.js'
import type {
  EmbeddedTask,
  Param,
  Reference,
  Sidecar,
  Step,
  StepTemplate,
  TaskSpec,
  WhenExpression,
  WorkspaceBinding,
} from '../resources/tekton.js'
import { type Replacements, replaceList, replaceString, replaceValue } from './substitute.js'

/** Also for the inline task of a pipeline, whose `steps` are absent when it is a custom task. */
export function substituteTaskSpec(spec: TaskSpec, known: Replacements): TaskSpec
export function substituteTaskSpec(spec: EmbeddedTask, known: Replacements): EmbeddedTask
export function substituteTaskSpec(spec: EmbeddedTask, known: Replacements): EmbeddedTask {
  return inFields(spec, {
    steps: steps => steps.map(step => substituteStep(step, known)),
    stepTemplate: template => substituteContainer(template, known),
    sidecars: sidecars => sidecars.map(sidecar => substituteSidecar(sidecar, known)),
    volumes: volumes => volumes.map(volume => substituteVolume(volume, known)),
    workspaces: workspaces => workspaces.map(workspace => inFields(workspace, { mountPath: text(known) })),
  })
}

export function substituteStep(step: Step, known: Replacements): Step {
  const path = (config: { readonly path: string }) => inFields(config, { path: text(known) })
  return inFields(substituteContainer(step, known), {
    name: text(known),
    script: text(known),
    onError: text(known),
    stdoutConfig: path,
    stderrConfig: path,
    params: params => substituteParams(params, known),
    ref: ref => substituteReference(ref, known),
    when: expressions => expressions.map(expression => substituteWhen(expression, known)),
    workspaces: usages => usages.map(usage => inFields(usage, { mountPath: text(known) })),
  })
}

export function substituteSidecar(sidecar: Sidecar, known: Replacements): Sidecar {
  return inFields(substituteContainer(sidecar, known), {
    name: text(known),
    script: text(known),
    workspaces: usages => usages.map(usage => inFields(usage, { mountPath: text(known) })),
  })
}

export function substituteWhen(expression: WhenExpression, known: Replacements): WhenExpression {
  return inFields(expression, {
    input: text(known),
    cel: text(known),
    values: values => replaceList(values, known),
  })
}

/** Volumes of a task. As Tekton: nothing inside `emptyDir`, `hostPath` and the like. */
export function substituteVolume(volume: Volume, known: Replacements): Volume {
  return inFields(volume, { ...sourceFields(known), name: text(known), csi: csi => substituteCsi(csi, known, false) })
}

/** A run's workspace binding. As Tekton: nothing inside `emptyDir` and `volumeClaimTemplate`. */
export function substituteBinding(binding: WorkspaceBinding, known: Replacements): WorkspaceBinding {
  return inFields(binding, {
    ...sourceFields(known),
    subPath: text(known),
    csi: csi => substituteCsi(csi, known, true),
  })
}

function substituteContainer<T extends StepTemplate>(container: T, known: Replacements): T {
  const list = (values: readonly string[]) => replaceList(values, known)
  const fields: Fields<StepTemplate> = {
    image: text(known),
    imagePullPolicy: text(known),
    command: list,
    args: list,
    workingDir: text(known),
    env: env => env.map(entry => substituteEnv(entry, known)),
    envFrom: sources => sources.map(source => substituteEnvFrom(source, known)),
    volumeMounts: mounts => mounts.map(mount => substituteMount(mount, known)),
  }
  return inFields<StepTemplate>(container, fields) as T
}

function substituteEnv(entry: EnvVar, known: Replacements): EnvVar {
  const keyRef = { name: text(known), key: text(known) }
  return inFields(entry, {
    value: text(known),
    valueFrom: from =>
      inFields(from, {
        secretKeyRef: ref => inFields(ref, keyRef),
        configMapKeyRef: ref => inFields(ref, keyRef),
      }),
  })
}

function substituteEnvFrom(source: EnvFromSource, known: Replacements): EnvFromSource {
  return inFields(source, {
    prefix: text(known),
    configMapRef: ref => inFields(ref, { name: text(known) }),
    secretRef: ref => inFields(ref, { name: text(known) }),
  })
}

function substituteMount(mount: VolumeMount, known: Replacements): VolumeMount {
  return inFields(mount, { name: text(known), mountPath: text(known), subPath: text(known) })
}

function substituteParams(params: readonly Param[], known: Replacements): readonly Param[] {
  return params.map(param => ({ ...param, value: replaceValue(param.value, known) }))
}

function substituteReference(ref: Reference, known: Replacements): Reference {
  return inFields(ref, { params: params => substituteParams(params, known) })
}

type Sources = Pick<Volume, 'configMap' | 'secret' | 'persistentVolumeClaim' | 'projected'>

function sourceFields(known: Replacements): Fields<Sources> {
  const items = (list: readonly KeyToPath[]) =>
    list.map(item => inFields(item, { key: text(known), path: text(known) }))
  const projection = (source: VolumeProjection) =>
    inFields(source, {
      configMap: config => inFields(config, { name: text(known), items }),
      secret: secret => inFields(secret, { name: text(known), items }),
      serviceAccountToken: token => inFields(token, { audience: text(known) }),
    })
  return {
    configMap: config => inFields(config, { name: text(known), items }),
    secret: secret => inFields(secret, { secretName: text(known), items }),
    persistentVolumeClaim: claim => inFields(claim, { claimName: text(known) }),
    projected: projected => inFields(projected, { sources: sources => sources.map(projection) }),
  }
}

type Csi = NonNullable<Volume['csi']>

/** Binding and volume differ by one field: a binding's `driver` may hold a variable. */
function substituteCsi(csi: Csi, known: Replacements, withDriver: boolean): Csi {
  return Object.fromEntries(
    Object.entries(csi).map(([field, value]) => {
      const reached = field === 'nodePublishSecretRef' || field === 'volumeAttributes'
      if (reached && typeof value === 'object' && value !== null) {
        const inner = Object.entries(value).map(([key, one]) => [key, typeof one === 'string' ? text(known)(one) : one])
        return [field, Object.fromEntries(inner)]
      }
      return [field, field === 'driver' && withDriver && typeof value === 'string' ? text(known)(value) : value]
    }),
  )
}

function text(known: Replacements): (value: string) => string {
  return value => replaceString(value, known)
}

type Fields<T> = { readonly [K in keyof T]?: (value: NonNullable<T[K]>) => T[K] }

/** The object with each named field, where it is present, passed through its function. */
function inFields<T extends object>(object: T, fields: Fields<T>): T {
  const changed = { ...object }
  for (const field of Object.keys(fields) as (keyof T)[]) {
    const value = object[field]
    const change = fields[field]
    if (value !== undefined && value !== null && change) changed[field] = change(value as NonNullable<T[keyof T]>)
  }
  return changed
}
