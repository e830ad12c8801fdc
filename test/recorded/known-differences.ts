/** Where our objects differ from those of the recordings, and why. What is not listed here fails the test. */
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
    because: 'we apply defaults when a run is created; the recorded cluster had no admission webhook that does',
    at: /^\w+ \S+\.spec\.(timeouts|timeout|serviceAccountName|taskRunTemplate|(.+\.)?taskRef\.kind|.*(params|results)\[[^\]]+\]\.type)$/,
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
    where: ({ path }) => path.includes('pipelinerun-with-failing-task'),
  },
  {
    because: "recorded with Debian's sh for every image, which has no [[ ]]; ours is that of the image, alpine",
    at: /^(PipelineRun pipelinerun-with-failing-task-<random>\.status\.conditions\[0\]\.message|TaskRun pipelinerun-with-failing-task-<random>-(echo-continue-with-matrix-1|verify-task-reason)\..+)$/,
  },
  {
    because: 'recorded while sidecars were still being stopped; we wait for them before a run is done',
    at: /^TaskRun \S+\.status\.sidecars\[[\w-]+\]\.(running|terminated)$/,
  },
]

export function isKnown(difference: Difference, known: KnownDifference): boolean {
  return known.at.test(difference.path) && (known.where?.(difference) ?? true)
}
