/**
 * The rules for `spec.resources` of an EventListener: the Deployment and the Service that Tekton makes of one. Nobody makes
 * them here; checked all the same, so that what is taken here is taken by Tekton too.
 */
import { complete, exactlyOne, invalidValue, mustNotSet, type Problem } from '../resources/problem.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'

/** Pod fields that Tekton takes for the listener's own Pod. */
const POD_FIELDS = [
  'serviceAccountName',
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'imagePullSecrets',
  'securityContext',
  'containers',
]
const CUSTOM_CONTAINER_FIELDS = ['resources', 'env', 'securityContext']
const CONTAINER_FIELDS = [...CUSTOM_CONTAINER_FIELDS, 'livenessProbe', 'readinessProbe', 'startupProbe']

export function resourceProblems(resources: Json, path: string): readonly Problem[] {
  const { kubernetesResource, customResource } = resources
  if (kubernetesResource && customResource) {
    return [exactlyOne('both', [`${path}.customResource`, `${path}.kubernetesResource`])]
  }
  if (isRecord(customResource)) return podProblems(customResource, `${path}.customResource`, CUSTOM_CONTAINER_FIELDS)
  if (!isRecord(kubernetesResource)) return []
  const place = `${path}.kubernetesResource`
  const { replicas, serviceType, serviceLoadBalancerClass } = kubernetesResource
  const problems: Problem[] = []
  if (typeof replicas === 'number' && replicas < 0) {
    problems.push({ ...invalidValue(`${replicas}`, `${place}.spec.replicas`), at: `${place}.replicas` })
  }
  if (serviceLoadBalancerClass && serviceType !== 'LoadBalancer') {
    const details = 'ServiceLoadBalancerClass is only needed for LoadBalancer service type'
    problems.push(invalidValue(`${serviceLoadBalancerClass}`, `${place}.serviceLoadBalancerClass`, details))
  }
  return [...problems, ...podProblems(kubernetesResource, place, CONTAINER_FIELDS)]
}

function podProblems(resource: Json, path: string, containerFields: readonly string[]): readonly Problem[] {
  const template = inside(inside(resource, 'spec'), 'template')
  const pod = inside(template, 'spec')
  const place = `${path}.spec.template.spec`
  const containers: readonly unknown[] = Array.isArray(pod['containers']) ? pod['containers'] : []
  const problems = disallowed(pod, POD_FIELDS, place)
  if (containers.length > 1) return [...problems, exactlyOne('both', `${place}.containers`)]
  return [
    ...problems,
    ...containers.filter(isRecord).flatMap(container => {
      const at = `${place}.containers[0]`
      return [...disallowed(container, containerFields, at), ...envProblems(container['env'], `${at}.env`)]
    }),
  ]
}

/** Values come from Secrets only; a certificate and its key come together. */
function envProblems(env: unknown, path: string): readonly Problem[] {
  const variables = (Array.isArray(env) ? env : []).filter(isRecord)
  const problems = variables.flatMap((variable, i) => [
    ...disallowed(variable, ['name', 'valueFrom'], `${path}[${i}]`),
    ...disallowed(inside(variable, 'valueFrom'), ['secretKeyRef'], `${path}[${i}].valueFrom`),
  ])
  const tls = variables.flatMap(({ name }) => (name === 'TLS_CERT' || name === 'TLS_KEY' ? [name] : []))
  if (tls.length !== 1) return problems
  const message = `Expected env's are TLS_CERT and TLS_KEY, but got only one env ${tls[0]}`
  return [...problems, complete(message, path, 'give both, or none')]
}

function disallowed(value: Json, allowed: readonly string[], path: string): readonly Problem[] {
  return Object.keys(value)
    .filter(field => !allowed.includes(field))
    .map(field => mustNotSet(`${path}.${field}`))
}

function inside(value: Json, field: string): Json {
  const inner = value[field]
  return asRecord(inner)
}
