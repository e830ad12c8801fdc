/** What happens to Pods on real clusters, and what is to be said of it. Messages are those of Kubernetes 1.32, containerd and CRI-O. */
import type { FailureClass } from '../../../src/status/failure-class.js'
import type { Interruption, PodPlan, StepPlan } from '../../helpers/simulated-kubelet.js'

export interface FailureCase {
  readonly plan: PodPlan
  /** Instead of the task with the steps `a` and `b`. */
  readonly task?: string
  readonly timeout?: string
  readonly reason: string
  readonly message: RegExp
  /** Undefined for a run that goes well: what it waited for was over when it had said so. */
  readonly failureClass?: FailureClass
  /** What was said before, as `reason: message`. */
  readonly before?: RegExp
}

const pulling = (message: string, reason = 'ImagePullBackOff'): PodPlan => ({ waiting: [{ reason, message }] })
const backOff = (why: string) => pulling(`Back-off pulling image "tool": ErrImagePull: ${why}`)
const CONTAINERD = 'failed to pull and unpack image "docker.io/library/tool:latest": '
const notPulled = /^the step "a" in TaskRun ".+" failed to pull the image "tool"\. The pod errored with the message: "/
const AWAY = `${CONTAINERD}failed to resolve reference "docker.io/library/tool:latest": failed to do request: Head "https://registry-1.docker.io/v2/library/tool/manifests/latest": dial tcp: lookup registry-1.docker.io: no such host`

const IMAGES: Readonly<Record<string, FailureCase>> = {
  'an image that is not there': {
    plan: backOff(
      `rpc error: code = NotFound desc = ${CONTAINERD}failed to resolve reference "docker.io/library/tool:latest": docker.io/library/tool:latest: not found`,
    ),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'an image that is not there, as older kubelets say it': {
    plan: pulling(
      `rpc error: code = NotFound desc = ${CONTAINERD}failed to resolve reference "docker.io/library/tool:latest": docker.io/library/tool:latest: not found`,
      'ErrImagePull',
    ),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'an image that is not for us': {
    plan: backOff(
      `${CONTAINERD}failed to resolve reference "docker.io/library/tool:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    ),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'a wrong password': {
    plan: backOff(
      `${CONTAINERD}failed to resolve reference "registry.example/tool": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://registry.example/token: 401 Unauthorized`,
    ),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'an image that CRI-O does not find': {
    plan: backOff('reading manifest latest in docker.io/library/tool: manifest unknown'),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'an image for other processors': {
    plan: backOff(`${CONTAINERD}no match for platform in manifest: not found`),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'a name that is none': {
    plan: pulling(
      'Failed to apply default image tag "A B": couldn\'t parse image name "A B": invalid reference format',
      'InvalidImageName',
    ),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'an image that must be there and is not': {
    plan: pulling('Container image "tool" is not present with pull policy of Never', 'ErrImageNeverPull'),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'user',
  },
  'a registry that is away': {
    plan: backOff(AWAY),
    reason: 'TaskRunImagePullFailed',
    message: /no such host/,
    failureClass: 'infrastructure',
    before:
      /^PullImageFailed: build step "step-a" is pending with reason ".+no such host"\. It is tried again until .+Z$/,
  },
  'a registry that comes back': {
    plan: {
      waiting: [{ reason: 'ImagePullBackOff', message: `Back-off pulling image "tool": ErrImagePull: ${AWAY}` }],
    },
    reason: 'Succeeded',
    message: /^All Steps have completed executing$/,
    before: /no such host/,
  },
  'a registry that has enough of us': {
    plan: backOff(
      `${CONTAINERD}failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/tool/manifests/sha256:00: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.`,
    ),
    reason: 'TaskRunImagePullFailed',
    message: /429 Too Many Requests/,
    failureClass: 'infrastructure',
  },
  'a registry with trouble of its own': {
    plan: backOff(
      'initializing source docker://registry.example/tool: pinging container registry registry.example: received unexpected HTTP status: 502 Bad Gateway',
    ),
    reason: 'TaskRunImagePullFailed',
    message: /502 Bad Gateway/,
    failureClass: 'infrastructure',
  },
  'a back-off that does not say why': {
    plan: pulling('Back-off pulling image "tool"'),
    reason: 'TaskRunImagePullFailed',
    message: notPulled,
    failureClass: 'infrastructure',
  },
}

const waiting = (reason: string, message: string): PodPlan => ({ waiting: [{ reason, message }] })

const CONTAINERS: Readonly<Record<string, FailureCase>> = {
  'a Secret that is missing': {
    plan: waiting('CreateContainerConfigError', 'secret "s" not found'),
    reason: 'CreateContainerConfigError',
    message: /^Failed to create pod due to config error: secret "s" not found$/,
    failureClass: 'user',
  },
  'a key that is missing': {
    plan: waiting('CreateContainerConfigError', "couldn't find key k in ConfigMap default/c"),
    reason: 'CreateContainerConfigError',
    message: /couldn't find key k in ConfigMap default\/c$/,
    failureClass: 'user',
  },
  'a kubelet that has not read the Secret yet': {
    plan: waiting('CreateContainerConfigError', 'failed to sync secret cache: timed out waiting for the condition'),
    reason: 'Succeeded',
    message: /completed/,
    before: /failed to sync secret cache/,
  },
  'a container without a command': {
    plan: waiting(
      'CreateContainerError',
      'failed to generate container "0" spec: failed to generate spec: no command specified',
    ),
    reason: 'PodCreationFailed',
    message:
      /^the step "a" in TaskRun ".+" failed to start\. The pod errored with the message: ".+no command specified\."$/,
    failureClass: 'user',
  },
  'a runtime that is slow': {
    plan: waiting('CreateContainerError', 'context deadline exceeded'),
    reason: 'Succeeded',
    message: /completed/,
    before: /It is tried again until/,
  },
  'a runtime that is too slow': {
    plan: waiting('CreateContainerError', 'failed to reserve container name "a": name "a" is reserved for "0"'),
    reason: 'PodCreationFailed',
    message: /is reserved for/,
    failureClass: 'infrastructure',
  },
  'a container that CRI-O cannot start': {
    plan: waiting(
      'RunContainerError',
      'container create failed: runc create failed: unable to start container process: exec: "/x": stat /x: no such file or directory',
    ),
    reason: 'PodCreationFailed',
    message: /no such file or directory/,
    failureClass: 'user',
  },
  'a container that cannot be started, and one that waits for it': {
    plan: {
      steps: {
        a: {
          neverStarts: true,
          message:
            'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: mkdir /src: not a directory: unknown',
        },
      },
    },
    reason: 'StepFailed',
    message:
      /^"step-a" exited with code 128: StartError\. failed to create containerd task: .+not a directory: unknown$/,
    failureClass: 'user',
  },
  'a node that cannot start containers': {
    plan: {
      steps: {
        a: {
          neverStarts: true,
          message:
            'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: cannot enter cgroupv2: unknown',
        },
      },
    },
    reason: 'StepFailed',
    message: /unable to apply cgroup configuration/,
    failureClass: 'infrastructure',
  },
}

const step = (a: StepPlan): PodPlan => ({ steps: { a } })

const STEPS: Readonly<Record<string, FailureCase>> = {
  'a step that fails': {
    plan: step({ exitCode: 3 }),
    reason: 'StepFailed',
    message: /^"step-a" exited with code 3: Error$/,
    failureClass: 'user',
  },
  'a step that is out of time': {
    plan: step({ ms: 60_000 }),
    task: '{ steps: [{ name: a, image: tool, timeout: 50ms, command: [x] }] }',
    reason: 'StepFailed',
    message: /exceeded the specified timeout limit/,
    failureClass: 'timeout',
  },
  'a step that is out of memory, and one that waits for it': {
    plan: step({ killed: true, exitCode: 137, reason: 'OOMKilled' }),
    reason: 'StepOOM',
    message: /^"step-a" exited with code 137: OOMKilled$/,
    failureClass: 'memory',
  },
  'a process of a step that is out of memory': {
    plan: step({ reason: 'OOMKilled' }),
    reason: 'StepOOM',
    message: /^OOMKilled$/,
    failureClass: 'memory',
  },
  'a sidecar that is out of memory with its Pod': {
    plan: {
      steps: { a: { ms: 200, exitCode: 1 } },
      sidecars: { db: { ends: { exitCode: 137, reason: 'OOMKilled', ms: 50 } } },
    },
    task: '{ steps: [{ name: a, image: tool, command: [x] }], sidecars: [{ name: db, image: db }] }',
    reason: 'SidecarOOM',
    message: /exited with code/,
    failureClass: 'memory',
  },
  'a container that the node has lost': {
    plan: step({
      killed: true,
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
    }),
    reason: 'StepFailed',
    message: /^"step-a" exited with code 137: ContainerStatusUnknown\. The container could not be located/,
    failureClass: 'infrastructure',
  },
  'a container that somebody killed': {
    plan: step({ killed: true, exitCode: 137, reason: 'Error' }),
    reason: 'StepFailed',
    message: /^"step-a" exited with code 137: Error$/,
    failureClass: 'infrastructure',
  },
  'a sidecar that never becomes ready': {
    plan: { sidecars: { db: { readyMs: 'never' } } },
    task: '{ steps: [{ name: a, image: tool, command: [x] }], sidecars: [{ name: db, image: db }] }',
    timeout: '1s',
    reason: 'TaskRunTimeout',
    message: /failed to finish within "1s"\. No step was begun, because these were not ready: sidecar-db$/,
    failureClass: 'timeout',
  },
  'a sidecar that fails before it is ready': {
    plan: { sidecars: { db: { readyMs: 'never', ends: { exitCode: 1, ms: 20 } } } },
    task: '{ steps: [{ name: a, image: tool, command: [x] }], sidecars: [{ name: db, image: db }] }',
    reason: 'SidecarFailed',
    message: /^"sidecar-db" exited with code 1: Error$/,
    failureClass: 'user',
  },
  'a result that is not what was promised': {
    plan: { results: { list: 'text' } },
    task: '{ results: [{ name: list, type: array }], steps: [{ name: a, image: tool, command: [x] }] }',
    reason: 'TaskRunValidationFailed',
    message: /^\[User error\] Provided results don't match declared results/,
    failureClass: 'user',
  },
}

const over = (
  at: string,
  reason: string | undefined,
  message: string | undefined,
  containers: 'kept' | 'killed' | 'none',
  conditions?: readonly { readonly reason: string; readonly message: string }[],
): PodPlan => ({
  interruption: {
    at,
    // biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
    then: {
      is: 'over',
      containers,
      status: {
        phase: 'Failed',
        ...(reason && { reason }),
        ...(message && { message }),
        ...(conditions && { conditions: conditions.map(disrupted) }),
      },
    },
  },
})
const disrupted = (words: { readonly reason: string; readonly message: string }) => ({
  type: 'DisruptionTarget',
  status: 'True' as const,
  ...words,
})
const rejected = (reason: string, message: string) => over('bound', reason, `Pod was rejected: ${message}`, 'none')
const deleted = (at: string, then: Partial<Extract<Interruption['then'], { is: 'deleted' }>> = {}): PodPlan => ({
  // biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
  interruption: { at, then: { is: 'deleted', ...then } },
})

const NODES: Readonly<Record<string, FailureCase>> = {
  'a node that is low on memory': {
    plan: over(
      'a',
      'Evicted',
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container step-a was using 2Gi, request is 0, has larger consumption of memory.',
      'killed',
      [{ reason: 'TerminationByKubelet', message: 'The node was low on resource: memory.' }],
    ),
    reason: 'PodEvicted',
    message: /^The node was low on resource: memory\. Threshold .+ consumption of memory\.$/,
    failureClass: 'infrastructure',
  },
  'a Pod that takes more disk than it asked for': {
    plan: over(
      'a',
      'Evicted',
      'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ',
      'killed',
    ),
    reason: 'PodEvicted',
    message: /exceeds the total limit of containers 1Gi/,
    failureClass: 'user',
  },
  'a node that shuts down': {
    plan: over('a', 'Terminated', 'Pod was terminated in response to imminent node shutdown.', 'killed', [
      { reason: 'TerminationByKubelet', message: 'Pod was terminated in response to imminent node shutdown.' },
    ]),
    reason: 'StepFailed',
    message:
      /^"step-a" exited with code 137: Error\. Pod was terminated in response to imminent node shutdown \(TerminationByKubelet\)$/,
    failureClass: 'infrastructure',
  },
  'a node that does not take Pods any more': {
    plan: rejected('NodeShutdown', 'the node is shutting down.'),
    reason: 'Failed',
    message: /^Pod was rejected: the node is shutting down\.$/,
    failureClass: 'infrastructure',
  },
  'a node that is full after all': {
    plan: rejected('OutOfcpu', "Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000"),
    reason: 'Failed',
    message: /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000$/,
    failureClass: 'infrastructure',
  },
  'a node whose labels have changed': {
    plan: rejected('NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"),
    reason: 'Failed',
    message: /Predicate NodeAffinity failed/,
    failureClass: 'infrastructure',
  },
  'a device that is gone': {
    plan: rejected(
      'UnexpectedAdmissionError',
      'Allocate failed due to no healthy devices present; cannot allocate unhealthy devices gpu',
    ),
    reason: 'Failed',
    message: /no healthy devices present/,
    failureClass: 'infrastructure',
  },
  'a node whose processors are badly placed': {
    plan: rejected('TopologyAffinityError', 'Resources cannot be allocated with Topology locality'),
    reason: 'Failed',
    message: /Topology locality/,
    failureClass: 'infrastructure',
  },
  'a Pod that asks for what no node allows': {
    plan: rejected('SysctlForbidden', 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
    reason: 'Failed',
    message: /forbidden sysctl/,
    failureClass: 'user',
  },
  'a node that needs the place for a critical Pod': {
    plan: over('a', 'Preempting', 'Preempted in order to admit critical pod', 'killed', [
      { reason: 'TerminationByKubelet', message: 'Pod was preempted by Kubelet to accommodate a critical pod.' },
    ]),
    reason: 'StepFailed',
    message: /to accommodate a critical pod \(TerminationByKubelet\)$/,
    failureClass: 'infrastructure',
  },
  'a Pod of a higher priority': {
    plan: deleted('a', {
      conditions: [
        disrupted({
          reason: 'PreemptionByScheduler',
          message: 'default-scheduler: preempting to accommodate a higher priority pod',
        }),
      ],
    }),
    reason: 'StepFailed|Failed',
    message: /default-scheduler: preempting to accommodate a higher priority pod \(PreemptionByScheduler\)/,
    failureClass: 'infrastructure',
  },
  'a node that is drained': {
    plan: deleted('a', {
      conditions: [disrupted({ reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' })],
    }),
    reason: 'StepFailed|Failed',
    message: /Eviction API: evicting \(EvictionByEvictionAPI\)/,
    failureClass: 'infrastructure',
  },
  'a node that is gone for good': {
    plan: over('a', undefined, undefined, 'kept', [
      { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' },
    ]),
    reason: 'Failed',
    message: /^build failed for unspecified reasons\. PodGC: node no longer exists \(DeletionByPodGC\)$/,
    failureClass: 'infrastructure',
  },
  'a node that was not heard of': {
    plan: over('a', 'NodeLost', 'Node n which was running pod p is unresponsive', 'kept'),
    reason: 'Failed',
    message: /^Node n which was running pod p is unresponsive$/,
    failureClass: 'infrastructure',
  },
  'a Pod past its deadline': {
    plan: over('a', 'DeadlineExceeded', 'Pod was active on the node longer than the specified deadline', 'killed'),
    reason: 'TaskRunTimeout',
    message: /^Pod was active on the node longer than the specified deadline$/,
    failureClass: 'timeout',
  },
  'a Pod that is deleted while it runs': {
    plan: deleted('a'),
    reason: 'StepFailed|Failed',
    message: /was deleted|vanished before its steps were done/,
    failureClass: 'infrastructure',
  },
  'a Pod that is deleted before it runs': {
    plan: deleted('bound'),
    reason: 'Failed',
    message: /was deleted|vanished before its steps were done/,
    failureClass: 'infrastructure',
  },
  'a Pod that is gone before anybody has read how it ended': {
    plan: deleted('done', { graceSeconds: 0 }),
    reason: 'Failed',
    message: /^pod ".+-pod" of TaskRun ".+" vanished before its steps were done/,
    failureClass: 'infrastructure',
  },
  'no node with enough room': {
    plan: {
      unschedulable: {
        message:
          '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
      },
    },
    timeout: '1s',
    reason: 'TaskRunTimeout',
    message:
      /within "1s"\nPrevious status: \[ExceededNodeResources\] TaskRun Pod exceeded available resources: 0\/3 nodes are available: 3 Insufficient cpu\./,
    failureClass: 'timeout',
  },
  'no node that tolerates it': {
    plan: {
      unschedulable: { message: '0/3 nodes are available: 3 node(s) had untolerated taint {gpu: true}.' },
    },
    timeout: '1s',
    reason: 'TaskRunTimeout',
    message: /\nPrevious status: \[Pending\] pod status "PodScheduled":"False"; message: "0\/3 nodes are available/,
    failureClass: 'timeout',
  },
}

const CLOCKS: Readonly<Record<string, FailureCase>> = Object.fromEntries(
  [3_600_000, -3_600_000].map(clockOffsetMs => [
    `a node whose clock is ${clockOffsetMs > 0 ? 'ahead' : 'behind'}`,
    { plan: { clockOffsetMs }, reason: 'Succeeded', message: /completed/ },
  ]),
)

export const FAILURE_CASES: Readonly<Record<string, FailureCase>> = {
  ...IMAGES,
  ...CONTAINERS,
  ...STEPS,
  ...NODES,
  ...CLOCKS,
}
