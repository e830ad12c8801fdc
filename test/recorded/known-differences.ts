/** Where our objects differ from those of the recordings, and why. What is not listed here fails the test. */
import { isDeepStrictEqual } from 'node:util'
import type { Difference } from './difference.js'

export interface KnownDifference {
  readonly because: string
  /** Matched against the whole path. */
  readonly at: RegExp
  /** What else has to be so; without it, the path alone decides. */
  readonly where?: (difference: Difference) => boolean
}

const absent = ({ recorded }: Difference) => recorded === undefined

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    because: 'whose fault a failure was is our own annotation',
    at: /^TaskRun \S+\.metadata\.annotations\.tektite\.dev\/failure-class$/,
    where: absent,
  },
  {
    because: 'we apply defaults when a run is created; the recorded cluster had no admission webhook that does',
    at: /^\w+ \S+\.spec\.(timeouts|timeout|serviceAccountName|taskRunTemplate|(.+\.)?taskRef\.kind|.*(params|results)\[[^\]]+\](\.properties\.\w+)?\.type)$/,
    where: absent,
  },
  {
    because:
      'newer Tekton: the label of a run with an inline pipeline is its generateName, so that runs can be grouped',
    at: /^\w+ \S+\.metadata\.labels\.tekton\.dev\/pipeline$/,
    where: ({ recorded, ours }) => recorded === `${ours}-<random>`,
  },
  {
    because: 'newer Tekton: the message of a failed step ends with what the runtime called it',
    at: /^TaskRun \S+\.status\.(retriesStatus\[\d\]\.)?conditions\[0\]\.message$/,
    where: ({ recorded, ours }) => `${ours}`.startsWith(`${recorded}: Error`),
  },
  {
    because: 'newer Tekton: a default is no longer edited in place when an object param is given in part',
    at: /^TaskRun \S+\.status\.taskSpec\.params\[\w+\]\.default\.\w+$/,
  },
  {
    because: "children of a matrix were listed in the order in which Go's goroutines wrote them; ours by index",
    at: /^PipelineRun \S+\.status\.childReferences\[order\]$/,
    where: ({ recorded, ours }) =>
      isDeepStrictEqual([...(recorded as string[])].sort(), [...(ours as string[])].sort()),
  },
  {
    because: "recorded with Debian's sh for every image, which has no [[ ]]; ours is that of the image, alpine",
    at: /^(PipelineRun pipelinerun-with-failing-task-<random>\.status\.conditions\[0\]\.message|TaskRun pipelinerun-with-failing-task-<random>-(echo-continue-with-matrix-1|verify-task-reason)\..+)$/,
  },
  {
    because: 'recorded while sidecars were still being stopped; on one machine we wait for them before a run is done',
    at: /^TaskRun \S+\.status\.sidecars\[[\w-]+\]\.(running|terminated)$/,
  },
]

/** What the runs in `cases/` show besides: their recordings are of Tekton v1.0.0 too. */
export const KNOWN_DIFFERENCES_OF_CASES: readonly KnownDifference[] = [
  {
    because: 'the kubelet knows which Secret is missing, and the condition says it',
    at: /^TaskRun \S+\.status\.conditions\[0\]\.message$/,
    where: ({ recorded, ours }) =>
      recorded === 'Failed to create pod due to config error' && `${ours}`.startsWith(`${recorded}: `),
  },
  {
    because: 'newer Tekton: what failed in a Pod has a reason of its own',
    at: /^TaskRun \S+\.status\.(retriesStatus\[\d\]\.)?conditions\[0\]\.reason$/,
    where: ({ recorded, ours }) => recorded === 'Failed' && (ours === 'StepFailed' || ours === 'SidecarFailed'),
  },
  {
    because: 'newer Tekton: messages say which validation failed, join several by newlines, and print no Go structs',
    at: /^\w+ \S+\.status\.conditions\[0\]\.message$/,
    where: ({ recorded, ours }) =>
      `${ours}`.startsWith(`${recorded} (`) ||
      /%!w|errors occurred/.test(`${recorded}`) ||
      `${ours}`.endsWith(`: ${recorded}`),
  },
  {
    because: 'newer Tekton: a run whose tasks ran out of time says so at its end, and not that they failed',
    at: /^PipelineRun tasks-out-of-time\.status\.conditions\[0\]\.(reason|message)$/,
  },
  {
    because:
      'our entrypoint exits as a shell does: 127 for a command that is not there, 128 and the signal for one killed',
    at: /^TaskRun (command-is-missing|interpreter-is-missing|step-kills-itself)\.status\.(conditions\[0\]\.message|steps\[\w+\]\.terminated\.exitCode)$/,
  },
  {
    because: 'a missing key is told once, also when the spec is inline, where Tekton tells it twice',
    at: /^TaskRun object-result-lacks-a-key\.status\.conditions\[0\]\.message$/,
  },
  {
    because: 'admission takes away annotations that are for Chains to write',
    at: /^PipelineRun \S+\.metadata\.annotations\.chains\.tekton\.dev\/\w+$/,
  },
  {
    because: 'a run that failed before its containers started has a completionTime, and no artifacts',
    at: /^TaskRun secret-of-env-missing\.status\.(completionTime|artifacts)$/,
  },
  {
    because: 'Tekton v1.0.0 counts one child of a matrix over a result, whose length it does not know in time',
    at: /^TaskRun matrix-by-result-count\./,
  },
  {
    because: 'done TaskRuns are not updated; without the admission webhook that refuses it, Tekton cancels them again',
    at: /^TaskRun \S+\.spec\.(status|statusMessage)$/,
    where: ({ ours }) => ours === undefined,
  },
]

export function isKnown(difference: Difference, known: KnownDifference): boolean {
  return known.at.test(difference.path) && (known.where?.(difference) ?? true)
}
