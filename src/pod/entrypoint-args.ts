import { KUBERNETES_KUBELET, type Settings } from '../run/settings.js'

/**
 * What the entrypoint of one step is told: one half of a contract whose other half is entrypoint/README.md.
 * test/entrypoint/contract.test.ts gives what this makes to the real binary.
 */
export interface EntrypointOptions {
  /** Its appearance starts the step; that of `<waitFile>.err` skips it. Absent: the step starts at once. */
  readonly waitFile?: string | undefined
  /** An empty `waitFile` does not count: the downward API makes the file before the annotation has a value. */
  readonly waitForContent?: boolean | undefined
  /** The step is cancelled as soon as this file is there and not empty. */
  readonly cancelFile?: string | undefined
  /** Written when the step is done: this file when the next one may run, `<postFile>.err` when not. */
  readonly postFile?: string | undefined
  /** Gets `exitCode` and `results/`: `/tekton/steps/<container>`. No part of it may be a symbolic link made by a step. */
  readonly stepMetadataDir?: string | undefined
  /** `/tekton/steps`. References to step results in command, environment and `when` are replaced only if it is given. */
  readonly stepsDir?: string | undefined
  /** Made (0755) if it is missing. */
  readonly workingDir?: string | undefined
  readonly stdoutPath?: string | undefined
  readonly stderrPath?: string | undefined
  readonly onError?: 'continue' | 'stopAndFail' | undefined
  /** From the start of the command. 0 or absent: none. */
  readonly timeoutMs?: number | undefined
  /** Between SIGTERM and SIGKILL when the step is timed out or cancelled. The entrypoint's own default is 1000. */
  readonly graceMs?: number | undefined
  readonly terminationPath?: string | undefined
  /** See `terminationByteLimit`. */
  readonly maxTerminationBytes?: number | undefined
  /** A result that is longer is left out and named, and does not fail the step. As Tekton counts `max-result-size`. */
  readonly maxResultBytes?: number | undefined
  /** The task's provenance file. The step's own is found in `stepMetadataDir`. */
  readonly taskArtifacts?: string | undefined
  /** The first word of the command is a script, and the artifacts it mentions are put into a copy of it. */
  readonly replaceScript?: boolean | undefined
  readonly taskResults?: readonly ResultFile[] | undefined
  readonly stepResults?: readonly ResultFile[] | undefined
  /** All must hold, or the step is skipped and the next one runs. */
  readonly when?: readonly StepCondition[] | undefined
  /** Gets `.gitconfig`, `.ssh/` and the like, made from `credentials`; $HOME gets them too. */
  readonly credsDir?: string | undefined
  readonly credentials?: readonly CredentialFlag[] | undefined
  /** A command that fails holds the step until `<postFile>.breakpointexit` says with which code it is to end. */
  readonly breakpointOnFailure?: boolean | undefined
  /** The step waits for `<postFile>.beforestepexit`, or is failed by `<postFile>.beforestepexit.err`. */
  readonly debugBeforeStep?: boolean | undefined
  /** The command has no network. */
  readonly hermetic?: boolean | undefined
  /** At least one word. */
  readonly command: readonly string[]
}

export interface ResultFile {
  readonly name: string
  readonly path: string
}

/** One mounted secret, and whom its user and key are for. */
export type CredentialFlag =
  | {
      readonly kind: 'basic_git' | 'ssh_git' | 'basic_docker'
      /** Where the secret is mounted; the last part is its name. */
      readonly secretFolder: string
      readonly url: string
    }
  | { readonly kind: 'docker_config' | 'docker_cfg'; readonly secretFolder: string }

export interface StepCondition {
  readonly input: string
  readonly operator: 'in' | 'notin'
  readonly values: readonly string[]
  /** It is enough that this one holds instead of the one before it. */
  readonly alternative?: boolean | undefined
}

/** The arguments of the container whose command is the entrypoint. */
export function entrypointArgs(options: EntrypointOptions): string[] {
  return [
    ...value('-wait_file', options.waitFile),
    ...(options.waitForContent ? ['-wait_file_content'] : []),
    ...value('-cancel_file', options.cancelFile),
    ...value('-post_file', options.postFile),
    ...value('-termination_path', options.terminationPath),
    ...value('-max_termination_bytes', options.maxTerminationBytes),
    ...value('-max_result_bytes', options.maxResultBytes),
    ...value('-task_artifacts', options.taskArtifacts),
    ...(options.replaceScript ? ['-replace_script'] : []),
    ...value('-step_metadata_dir', options.stepMetadataDir),
    ...value('-steps_dir', options.stepsDir),
    ...value('-working_dir', options.workingDir),
    ...value('-stdout_path', options.stdoutPath),
    ...value('-stderr_path', options.stderrPath),
    ...value('-on_error', options.onError),
    // Up, so that half a millisecond does not become 0, which is no timeout at all.
    ...value('-timeout_ms', options.timeoutMs === undefined ? undefined : Math.ceil(options.timeoutMs)),
    ...value('-grace_ms', options.graceMs === undefined ? undefined : Math.ceil(options.graceMs)),
    ...(options.taskResults ?? []).flatMap(({ name, path }) => ['-task_result', name, path]),
    ...(options.stepResults ?? []).flatMap(({ name, path }) => ['-step_result', name, path]),
    ...(options.when ?? []).flatMap(({ input, operator, values, alternative }) => [
      `-when${alternative ? '_or' : ''}${operator === 'in' ? '_in' : '_not_in'}`,
      input,
      ...values.flatMap(each => ['-when_value', each]),
    ]),
    ...value('-creds_dir', options.credsDir),
    ...(options.credentials ?? []).flatMap(one => [
      `-${one.kind}`,
      one.secretFolder,
      ...('url' in one ? [one.url] : []),
    ]),
    ...(options.breakpointOnFailure ? ['-breakpoint_on_failure'] : []),
    ...(options.debugBeforeStep ? ['-debug_before_step'] : []),
    ...(options.hermetic ? ['-hermetic'] : []),
    '--',
    ...options.command,
  ]
}

/**
 * How long a termination message may be in a Pod of so many containers, init containers and sidecars included. Above
 * what the kubelet passes on it would be cut, and what is left is not JSON: all results of the step would be lost without
 * a word. An installation may allow less, but not less than what Tekton's steps always have.
 */
export function terminationByteLimit(
  containers: number,
  {
    kubelet,
    flags,
  }: Pick<Settings, 'kubelet'> & { readonly flags: Pick<Settings['flags'], 'maxResultSize' | 'resultsFrom'> },
): number {
  const carried = Math.min(kubelet.containerMessageBytes, Math.floor(kubelet.podMessageBytes / Math.max(1, containers)))
  // With `sidecar-logs` the number is about each result alone.
  if (flags.resultsFrom === 'sidecar-logs') return carried
  return Math.min(carried, Math.max(flags.maxResultSize, KUBERNETES_KUBELET.containerMessageBytes))
}

function value(flag: string, given: string | number | undefined): string[] {
  return given === undefined ? [] : [flag, `${given}`]
}
