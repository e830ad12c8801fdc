/**
 * TaskRun → Pod. Deterministic: the same run, task and attempt always make the same Pod, so that making it twice is
 * making it once. The contract with what runs inside is DESIGN.md, section 6.
 */
import { READY_ANNOTATION } from '../resources/annotations.js'
import type { ConfigMap, Container, LimitRange, Pod, PodSpec } from '../resources/core.js'
import type { New, OwnerReference } from '../resources/meta.js'
import type { PodTemplate, TaskRun, TaskSpec } from '../resources/tekton.js'
import { stopsAtFailures } from '../run/debug-pause.js'
import { MANAGED_BY_LABEL } from '../run/defaults.js'
import { podName } from '../run/names.js'
import type { FeatureFlags, Settings } from '../run/settings.js'
import { type Replacements, replaceString } from '../run/substitute.js'
import { substituteTaskSpec } from '../run/substitute-task.js'
import { retryCountReplacements, stepContainerName } from '../run/task-variables.js'
import type { EvaluateCel } from '../run/when.js'
import { type BoundWorkspaces, isolatedWorkspaces } from '../run/workspaces.js'
import { breakpointsOf } from './breakpoints.js'
import { type ClaimFacts, coschedule, PIPELINE_RUN_UID_LABEL } from './coschedule.js'
import type { Credentials } from './credentials.js'
import { limitRangeRequests, withConfiguredResources, withRequests } from './default-resources.js'
import { terminationByteLimit } from './entrypoint-args.js'
import { entrypointCopy } from './entrypoint-copy.js'
import { type EntrypointOffer, entrypointPlace } from './entrypoint-place.js'
import { type CommandedSteps, type ImageAnswers, type ImagesQuestion, withImageCommands } from './image-commands.js'
import type { NodeFacts } from './node-choice.js'
import { withRestricted } from './pod-security.js'
import { collectScripts } from './scripts.js'
import { sidecarContainers } from './sidecars.js'
import { overTemplate } from './step-template.js'
import { stepContainer } from './steps.js'
import { CANCEL_ANNOTATION, duplicateVolume, implicitVolumes } from './volumes.js'

export interface PodInput {
  readonly run: TaskRun
  /** What the run's labels and annotations will be once those of its Task are added. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** As `status.taskSpec`: every variable replaced but the retry count. */
  readonly task: TaskSpec
  readonly workspaces: BoundWorkspaces
  /** For the run's podTemplate: the values of params. */
  readonly known: Replacements
  /** Attempts before this one. */
  readonly attempt: number
  /** Milliseconds; 0 means none. */
  readonly timeoutMs: number
  readonly serviceAccountName: string
  readonly settings: Settings
  readonly credentials: Credentials
  readonly limitRanges: readonly LimitRange[]
  readonly entrypoint: EntrypointMaterial
  /** Those of the workspaces that other Pods may use too, by name. */
  readonly claims: ReadonlyMap<string, ClaimFacts | undefined>
  /** Whether the namespace refuses Pods that do not keep to the restricted profile of Pod Security. */
  readonly restricted: boolean
  /** What registries said so far of images whose command is not written; undefined where none is asked. */
  readonly images: ImageAnswers | undefined
  readonly evaluateCel: EvaluateCel
}

export interface EntrypointMaterial {
  /** Name of the ConfigMap that carries the entrypoint's binaries. */
  readonly name: string
  readonly offer: EntrypointOffer
  /** Those of the cluster; undefined when they cannot be read. */
  readonly nodes: readonly NodeFacts[] | undefined
}

export type PodBuild =
  /** `extra` has to be there before the Pod; so has the entrypoint's ConfigMap, if it is used. */
  | {
      readonly is: 'built'
      readonly pod: New<Pod>
      readonly extra: readonly New<ConfigMap>[]
      readonly usesConfigMap: boolean
    }
  /** Registries have to be asked first. */
  | { readonly is: 'unasked'; readonly question: ImagesQuestion }
  | Exclude<CommandedSteps, { readonly is: 'known' | 'unasked' }>

const MAX_INT32 = 2 ** 31 - 1
const READY = 'READY'
/** The manifest's own description would be wrong on a Pod, and large; the other words are ours to say, not the author's. */
const NOT_INHERITED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  MANAGED_BY_LABEL,
  READY_ANNOTATION,
  CANCEL_ANNOTATION,
])

export function buildPod(input: PodInput): PodBuild {
  const { run, workspaces, attempt, credentials, settings } = input
  const { flags } = settings
  const task = substituteTaskSpec(input.task, retryCountReplacements(attempt))
  const podTemplate = run.spec.podTemplate && substitutePodTemplate(run.spec.podTemplate, input.known)
  const place = entrypointPlace(podTemplate ?? {}, input.entrypoint.nodes, input.entrypoint.offer)
  if (place.is === 'wrong') return place
  const written = task.steps.map(step => overTemplate(task.stepTemplate, step))
  const commanded = input.images ? withImageCommands(written, input.images) : { is: 'known' as const, steps: written }
  if (commanded.is === 'unasked') {
    const { architectures } = input.entrypoint.offer
    const question = {
      namespace: run.metadata.namespace,
      images: commanded.images,
      // With the entrypoint's image it may land on any of them.
      architectures: place.is === 'configMap' ? [place.architecture] : architectures,
      pullSecrets: podTemplate?.imagePullSecrets?.map(({ name }) => name) ?? [],
      serviceAccountName: input.serviceAccountName,
    }
    return { is: 'unasked', question }
  }
  if (commanded.is !== 'known') return commanded
  const merged: TaskSpec = { ...task, steps: commanded.steps }
  const sidecars = merged.sidecars ?? []
  const isolated = isolatedWorkspaces([...merged.steps, ...sidecars])
  const gated = waitsForSidecars(sidecars.length, flags)
  const breakpoints = breakpointsOf(
    stopsAtFailures(run.metadata) ? { breakpoints: { onFailure: 'enabled' } } : run.spec.debug,
    merged.steps.map(({ name }) => name),
  )

  const containers = merged.steps.length + sidecars.length + (place.is === 'image' ? 1 : 0)

  const steps = merged.steps.map((step, index) =>
    stepContainer(step, index, {
      task: merged,
      run: { ...run.spec, ...(podTemplate && { podTemplate }) },
      containers: merged.steps.map(stepContainerName),
      workspaces,
      isolated,
      gated,
      maxTerminationBytes: terminationByteLimit(containers, settings),
      maxResultBytes: flags.resultsFrom === 'sidecar-logs' ? flags.maxResultSize : undefined,
      credentials,
      breakpoints,
      hermetic: isHermetic(run, flags),
      forbiddenEnv: settings.forbiddenEnv,
      evaluateCel: input.evaluateCel,
    }),
  )
  const configured = (container: Container) =>
    withConfiguredResources(container, settings.containerResourceRequirements)
  const requests = limitRangeRequests(input.limitRanges, merged.steps.length)
  const stepContainers = steps.flatMap(one =>
    'container' in one ? [withRequests(configured(one.container), requests)] : [],
  )
  const beside = sidecarContainers(sidecars, run.spec.sidecarSpecs, workspaces, isolated).map(configured)
  const native = flags.enableKubernetesSidecar
  const problem = steps.flatMap(one => ('problem' in one ? [one.problem] : []))[0]
  if (problem !== undefined) return { is: 'wrong', message: problem }

  const namespace = run.metadata.namespace
  const name = podName(run.metadata.name, attempt)
  const annotations = {
    ...Object.fromEntries(Object.entries(input.annotations).filter(([key]) => !NOT_INHERITED.has(key))),
    ...(!gated && { [READY_ANNOTATION]: READY }),
    ...credentials.podAnnotations,
    ...breakpoints.annotations,
  }
  const owner = ownedBy(run)
  const scripts = collectScripts(merged, { namespace, name }, annotations, owner)
  const volumes = [
    ...implicitVolumes(input.entrypoint.name, place),
    ...(scripts.volume ? [scripts.volume] : []),
    ...breakpoints.volumes,
    ...credentials.volumes,
    ...workspaces.volumes,
    ...(merged.volumes ?? []),
    ...(podTemplate?.volumes ?? []),
  ]
  const twice = duplicateVolume(volumes)
  if (twice !== undefined) {
    return {
      is: 'wrong',
      message: `multiple volumes with same name "${twice}": rename it in the task or the podTemplate`,
    }
  }

  const { env: _, volumes: __, nodeSelector: chosen, affinity, ...template } = podTemplate ?? {}
  const placed = coschedule({
    mode: flags.coschedule,
    pipelineRunUid: input.labels[PIPELINE_RUN_UID_LABEL],
    claims: input.claims,
    affinity,
  })
  const nodeSelector = { ...(place.is === 'configMap' && place.nodeSelector), ...chosen }
  const initContainers = [
    ...(place.is === 'image' ? [configured(entrypointCopy(place.image, podTemplate?.securityContext))] : []),
    // Those that Kubernetes starts before the steps, and stops after them, by itself.
    ...(native ? beside.map(one => ({ ...one, restartPolicy: 'Always' as const })) : []),
  ]
  const secured = (all: readonly Container[]) =>
    input.restricted ? all.map(one => withRestricted(one, podTemplate?.securityContext)) : all
  const spec: PodSpec = {
    ...template,
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(placed.affinity !== undefined && { affinity: placed.affinity }),
    restartPolicy: 'Never',
    serviceAccountName: input.serviceAccountName,
    ...(initContainers.length > 0 && { initContainers: secured(initContainers) }),
    containers: secured(native ? stepContainers : [...stepContainers, ...beside]),
    volumes,
    activeDeadlineSeconds: activeDeadlineSeconds(input.timeoutMs),
  }
  return {
    is: 'built',
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace,
        name,
        labels: {
          ...input.labels,
          'tekton.dev/taskRun': run.metadata.name,
          'tekton.dev/taskRunUID': run.metadata.uid,
          [MANAGED_BY_LABEL]: settings.managedByLabelValue,
          ...placed.labels,
        },
        annotations: { ...annotations, ...scripts.annotations },
        ownerReferences: [owner],
      },
      spec,
    },
    extra: scripts.configMap ? [scripts.configMap] : [],
    usesConfigMap: place.is === 'configMap',
  }
}

/** An experiment of Tekton's: steps have no network, sidecars do. */
function isHermetic({ metadata }: TaskRun, { enableApiFields }: FeatureFlags): boolean {
  return enableApiFields === 'alpha' && metadata.annotations?.['experimental.tekton.dev/execution-mode'] === 'hermetic'
}

/** Sidecars may also be ones that something else injects into the Pod. */
function waitsForSidecars(sidecars: number, flags: FeatureFlags): boolean {
  return flags.awaitSidecarReadiness && (sidecars > 0 || flags.runningInEnvironmentWithInjectedSidecars)
}

/**
 * Tekton's half as long again, so that our own timeout comes first and says more; this one holds even when we are away.
 * Of a short timeout half is too little: ours counts from a start cut to whole seconds, and gives one more.
 */
function activeDeadlineSeconds(timeoutMs: number): number {
  if (timeoutMs === 0) return MAX_INT32
  return Math.min(MAX_INT32, Math.max(Math.floor((timeoutMs * 1.5) / 1000), Math.ceil(timeoutMs / 1000) + 2))
}

export function ownedBy(run: TaskRun): OwnerReference {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    name: run.metadata.name,
    uid: run.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Params of the run hold in every text of its podTemplate: a matrix can so choose its nodes. */
function substitutePodTemplate(template: PodTemplate, known: Replacements): PodTemplate {
  return everyText(template, text => replaceString(text, known)) as PodTemplate
}

function everyText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map(one => everyText(one, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, everyText(one, change)]))
}
