/** A step's container: the entrypoint, told by flags when to start, what to run and whom to tell. */
import { comparisonsOf } from '../cel/comparisons.js'
import { parseDuration } from '../lib/duration.js'
import type { Container } from '../resources/core.js'
import type { Step, TaskRunSpec, TaskSpec, WhenExpression } from '../resources/tekton.js'
import { TASK_ARTIFACTS_PATH } from '../run/task-variables.js'
import type { EvaluateCel } from '../run/when.js'
import { type BoundWorkspaces, workspaceMounts } from '../run/workspaces.js'
import type { Breakpoints } from './breakpoints.js'
import { mergeResources, shareOf } from './compute-resources.js'
import { CREDENTIALS_FOLDER, type Credentials } from './credentials.js'
import { defaultCommand, defaultCommandProblem } from './default-commands.js'
import { entrypointArgs, type StepCondition } from './entrypoint-args.js'
import { SCRIPTS_MOUNT, stepScriptPath } from './scripts.js'
import {
  CANCEL_PATH,
  ENTRYPOINT_PATH,
  implicitMounts,
  namesStepsByNumber,
  READY_PATH,
  runFolder,
  STEPS_FOLDER,
  stepFolder,
  withMounts,
} from './volumes.js'

export interface StepSurroundings {
  readonly task: TaskSpec
  readonly run: Pick<TaskRunSpec, 'stepSpecs' | 'computeResources' | 'podTemplate'>
  /** Names of all step containers, in order. */
  readonly containers: readonly string[]
  readonly workspaces: BoundWorkspaces
  readonly isolated: ReadonlySet<string>
  /** Whether the first step waits until the sidecars are ready. */
  readonly gated: boolean
  readonly maxTerminationBytes: number
  /** Of each result, where that is limited. */
  readonly maxResultBytes: number | undefined
  readonly credentials: Credentials
  readonly breakpoints: Breakpoints
  readonly hermetic: boolean
  /** Names that the podTemplate's env may not set. */
  readonly forbiddenEnv: readonly string[]
  readonly evaluateCel: EvaluateCel
}

/** Either the container, or what the author has to change. */
export type StepContainer = { readonly container: Container } | { readonly problem: string }

const TERMINATION_PATH = '/tekton/termination'
/** What the entrypoint replaces in a script; in other fields it looks for itself. */
const STEP_ARTIFACT = /\$\(steps\.[^.()]+\.(?:inputs|outputs)\.[^.()]+\)/

/** @param step merged over its template, with every variable replaced that is known outside the Pod */
export function stepContainer(step: Step, index: number, around: StepSurroundings): StepContainer {
  const { task, run, containers } = around
  const name = containers[index] ?? ''
  const image = step.image ?? ''
  const args = step.args ?? []
  const command = step.script ? [stepScriptPath(index), ...args] : commandOf(step, image, args)
  if (command === undefined) return { problem: defaultCommandProblem(step.name || name, image) }
  const when = stepConditions(step.when ?? [], around.evaluateCel)
  if (typeof when === 'string') return { problem: `step "${step.name || name}": ${when}` }

  const { ours, theirs } = placeToWork(step.workingDir)
  const metadataDir = stepFolder(name)
  const resources = resourcesOf(step, run, task.steps.length)
  const allowed = run.podTemplate?.env?.filter(one => !around.forbiddenEnv.includes(one.name)) ?? []
  const forCredentials = around.credentials.env.filter(one => !step.env?.some(own => own.name === one.name))
  // Last, so that nothing of the author's stands over it.
  const sealed = around.hermetic ? [{ name: 'TEKTON_HERMETIC', value: '1' }] : []
  const env = [...forCredentials, ...(step.env ?? []), ...allowed, ...sealed]
  const byNumber = namesStepsByNumber([step.script ?? '', ...command, ...env.map(({ value = '' }) => value)])
  return {
    container: {
      name,
      image,
      ...(step.imagePullPolicy && { imagePullPolicy: step.imagePullPolicy }),
      command: [ENTRYPOINT_PATH],
      args: entrypointArgs({
        ...(index > 0 && { waitFile: `${runFolder(index - 1)}/out` }),
        ...(index === 0 && around.gated && { waitFile: READY_PATH, waitForContent: true }),
        cancelFile: CANCEL_PATH,
        postFile: `${runFolder(index)}/out`,
        stepMetadataDir: metadataDir,
        stepsDir: STEPS_FOLDER,
        workingDir: ours,
        stdoutPath: step.stdoutConfig?.path,
        stderrPath: step.stderrConfig?.path,
        ...(step.onError === 'continue' && { onError: 'continue' }),
        timeoutMs: step.timeout ? parseDuration(step.timeout) : undefined,
        terminationPath: TERMINATION_PATH,
        maxTerminationBytes: around.maxTerminationBytes,
        maxResultBytes: around.maxResultBytes,
        taskArtifacts: TASK_ARTIFACTS_PATH,
        replaceScript: step.script !== undefined && STEP_ARTIFACT.test(step.script),
        // A result with a `value` is a step's, and not looked for on disk.
        taskResults: (task.results ?? [])
          .filter(result => result.value === undefined)
          .map(result => ({ name: result.name, path: `/tekton/results/${result.name}` })),
        stepResults: (step.results ?? []).map(result => ({
          name: result.name,
          path: `${metadataDir}/results/${result.name}`,
        })),
        when,
        ...(around.credentials.flags.length > 0 && {
          credsDir: CREDENTIALS_FOLDER,
          credentials: around.credentials.flags,
        }),
        ...around.breakpoints.flags(step.name ?? ''),
        hermetic: around.hermetic,
        command,
      }),
      ...(theirs && { workingDir: theirs }),
      ...(env.length > 0 && { env }),
      ...(step.envFrom && { envFrom: step.envFrom }),
      ...(resources && { resources }),
      volumeMounts: withMounts(
        withMounts(step.volumeMounts ?? [], workspaceMounts(around.workspaces, around.isolated, step.workspaces)),
        [
          ...implicitMounts(index, containers, byNumber),
          ...(step.script ? [SCRIPTS_MOUNT] : []),
          ...around.breakpoints.mounts(index),
          ...around.credentials.mounts(index),
        ],
      ),
      ...(step.securityContext && { securityContext: step.securityContext }),
      terminationMessagePath: TERMINATION_PATH,
    },
  }
}

function commandOf(step: Step, image: string, args: readonly string[]): readonly string[] | undefined {
  if (step.command && step.command.length > 0) return [...step.command, ...args]
  return defaultCommand(image, args)
}

/** Folders below /workspace may not exist yet: the entrypoint makes them. Others are the image's, and the runtime's to enter. */
function placeToWork(workingDir: string | undefined): { readonly ours?: string; readonly theirs?: string } {
  if (!workingDir) return {}
  const path = workingDir.startsWith('/') ? workingDir : `/workspace/${workingDir}`
  return path === '/workspace' || path.startsWith('/workspace/') ? { ours: path } : { theirs: path }
}

function resourcesOf(step: Step, run: StepSurroundings['run'], steps: number): Container['resources'] {
  // As Tekton: the run's task-level resources replace what steps and template say.
  if (run.computeResources) return shareOf(run.computeResources, steps)
  return mergeResources(step.computeResources, run.stepSpecs?.find(one => one.name === step.name)?.computeResources)
}

/** CEL is decided here, or broken into comparisons: the entrypoint compares texts only. A text is what is wrong. */
function stepConditions(
  expressions: readonly WhenExpression[],
  evaluateCel: EvaluateCel,
): readonly StepCondition[] | string {
  const conditions: StepCondition[] = []
  for (const { cel, input = '', operator = 'in', values = [] } of expressions) {
    if (!cel) {
      conditions.push({ input, operator, values })
      continue
    }
    if (cel.includes('$(steps.')) {
      const clauses = comparisonsOf(cel)
      if (typeof clauses === 'string') return `when: ${clauses}`
      conditions.push(
        ...clauses.flatMap(clause => clause.map((one, at) => (at > 0 ? { ...one, alternative: true } : one))),
      )
      continue
    }
    const value = evaluateCel(cel)
    if (typeof value !== 'boolean') return `when: ${value.message}`
    if (!value) conditions.push({ input: 'false', operator: 'in', values: ['true'] })
  }
  return conditions
}
