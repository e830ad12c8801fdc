/** A resolution over a real store: ask with params, get what the run's author would be told. */
import type { Cluster } from '../../src/cluster/cluster.js'
import { type Answer, createResolution, type Resolution } from '../../src/resolve/resolve.js'
import type { Resolver } from '../../src/resolve/resolver.js'
import type { ResolutionRequest } from '../../src/resources/resolution.js'
import type { ParamValue } from '../../src/resources/tekton.js'
import { NOW } from '../reconcile/real-store.js'

export const TASK = 'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: lint}\nspec: {steps: [{image: alpine}]}\n'

export function resolutionOf(cluster: Pick<Cluster, 'get'>, ...resolvers: readonly Resolver[]): Resolution {
  return createResolution(resolvers, { cluster, now: () => NOW, random: () => 0 })
}

export function request(
  type: string,
  params: Readonly<Record<string, ParamValue>>,
  namespace = 'default',
): ResolutionRequest {
  return {
    apiVersion: 'resolution.tekton.dev/v1beta1',
    kind: 'ResolutionRequest',
    metadata: {
      name: 'r',
      namespace,
      labels: { 'resolution.tekton.dev/type': type },
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-02T03:04:05Z',
    },
    spec: { params: Object.entries(params).map(([name, value]) => ({ name, value })) },
  }
}

/** The message of a failure, or the manifest, its source and its annotations. */
export function told(answer: Answer): unknown {
  if (answer.is === 'failed') return answer.message
  const { data, refSource, annotations } = answer.found
  return { data: data.toString('utf8'), refSource, annotations }
}

export const configMap = (name: string, data: Readonly<Record<string, string>>) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'tekton-pipelines-resolvers' },
    data,
  })
