/**
 * What an API server of Kubernetes 1.32 checks of a Pod beyond its schema (pkg/apis/core/validation), as far as what we
 * write is concerned. Each problem names its place.
 */
import type { Container, Pod, PodSpec, Volume } from '../../src/resources/core.js'
import type { New } from '../../src/resources/meta.js'
import { asRecord } from '../../src/resources/shape.js'
import { parseQuantity } from '../../src/run/requests.js'

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const CONFIG_KEY = /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/
const ENV_NAME = /^[\x20-\x3c\x3e-\x7e]+$/
const ANNOTATION_FIELD = /^metadata\.(annotations|labels)\['([^']+)'\]$/
const FIELDS =
  /^(metadata\.(name|namespace|uid|annotations|labels)|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/
const MAX_ANNOTATION_BYTES = 256 * 1024
/** What etcd takes; of a request it is 3 MiB. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024

export function podProblems(pod: New<Pod>): readonly string[] {
  const { spec } = pod
  return [
    ...metadataProblems(pod),
    ...specProblems(spec),
    ...volumeProblems(spec.volumes ?? []),
    ...containerProblems(spec),
    ...affinityProblems(spec.affinity),
    ...unless(bytes(JSON.stringify(pod)) <= MAX_OBJECT_BYTES, 'the Pod is over 1.5 MiB'),
  ]
}

function metadataProblems({ metadata }: New<Pod>): readonly string[] {
  const { name = '', labels = {}, annotations = {}, ownerReferences = [] } = metadata
  const annotated = Object.entries(annotations).reduce((sum, [key, value]) => sum + bytes(key) + bytes(value), 0)
  return [
    ...unless(SUBDOMAIN.test(name), `name ${name}`),
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...unless(isQualified(key), `label ${key}`),
      ...unless(LABEL_VALUE.test(value), `label ${key}: ${value}`),
    ]),
    ...Object.keys(annotations).flatMap(key => unless(isQualified(key.toLowerCase()), `annotation ${key}`)),
    ...unless(annotated <= MAX_ANNOTATION_BYTES, `annotations of ${annotated} bytes`),
    ...ownerReferences.flatMap(({ apiVersion, kind, name: owner, uid }) =>
      unless(Boolean(apiVersion && kind && owner && uid), 'an owner without a name'),
    ),
    ...unless(ownerReferences.filter(({ controller }) => controller).length <= 1, 'two controllers'),
  ]
}

function specProblems(spec: PodSpec): readonly string[] {
  const { activeDeadlineSeconds: deadline = 1, serviceAccountName = 'default', nodeSelector = {} } = spec
  return [
    ...unless(Number.isInteger(deadline) && deadline >= 1 && deadline < 2 ** 31, `activeDeadlineSeconds ${deadline}`),
    ...unless(SUBDOMAIN.test(serviceAccountName), `serviceAccountName ${serviceAccountName}`),
    ...unless(spec.restartPolicy === 'Never', `restartPolicy ${spec.restartPolicy}`),
    ...Object.entries(nodeSelector).flatMap(([key, value]) =>
      unless(isQualified(key) && LABEL_VALUE.test(value), `nodeSelector ${key}: ${value}`),
    ),
    ...unless(spec.containers.length > 0, 'no containers'),
  ]
}

function volumeProblems(volumes: readonly Volume[]): readonly string[] {
  return [
    ...repeated(volumes.map(({ name }) => name)).map(name => `two volumes ${name}`),
    ...volumes.flatMap(volume => {
      const { name, ...source } = volume
      const at = (problems: readonly string[]) => problems.map(problem => `volume ${name}: ${problem}`)
      return at([
        ...unless(LABEL.test(name), 'its name'),
        ...unless(Object.keys(source).length === 1, `${Object.keys(source).length} sources`),
        ...sourceProblems(source),
      ])
    }),
  ]
}

function sourceProblems({ configMap, secret, downwardAPI, persistentVolumeClaim }: Omit<Volume, 'name'>) {
  const keyed = [...(configMap?.items ?? []), ...(secret?.items ?? [])]
  const paths = [...keyed, ...(downwardAPI?.items ?? [])].map(({ path }) => path)
  const modes = [configMap, secret, downwardAPI].flatMap(one => one?.defaultMode ?? [])
  return [
    ...unless(configMap === undefined || SUBDOMAIN.test(configMap.name), 'name of the ConfigMap'),
    ...unless(secret === undefined || SUBDOMAIN.test(secret.secretName), 'name of the Secret'),
    ...unless(
      persistentVolumeClaim === undefined || SUBDOMAIN.test(persistentVolumeClaim.claimName),
      'name of the claim',
    ),
    ...keyed.flatMap(({ key }) => unless(CONFIG_KEY.test(key), `key ${key}`)),
    ...paths.flatMap(path => unless(isInside(path) && !path.startsWith('..'), `path ${path}`)),
    ...repeated(paths).map(path => `two files ${path}`),
    ...modes.flatMap(mode => unless(Number.isInteger(mode) && mode >= 0 && mode <= 0o777, `mode ${mode}`)),
    ...(downwardAPI?.items ?? []).flatMap(({ fieldRef }) => {
      const path = fieldRef?.fieldPath ?? ''
      const key = ANNOTATION_FIELD.exec(path)?.[2]
      return unless(key === undefined ? FIELDS.test(path) : isQualified(key.toLowerCase()), `fieldPath ${path}`)
    }),
  ]
}

function containerProblems({ containers, initContainers = [], volumes = [] }: PodSpec): readonly string[] {
  const all = [...initContainers, ...containers]
  const names = new Set(volumes.map(({ name }) => name))
  return [
    ...repeated(all.map(({ name }) => name)).map(name => `two containers ${name}`),
    ...containers.flatMap(one => unless(one.restartPolicy === undefined, `container ${one.name}: restartPolicy`)),
    ...initContainers
      .filter(({ restartPolicy }) => restartPolicy !== 'Always')
      .flatMap(({ name, lifecycle, readinessProbe, livenessProbe, startupProbe }) =>
        unless(!(lifecycle || readinessProbe || livenessProbe || startupProbe), `init container ${name}: a probe`),
      ),
    ...all.flatMap(one => oneContainer(one, names).map(problem => `container ${one.name}: ${problem}`)),
  ]
}

function oneContainer(container: Container, volumes: ReadonlySet<string>): readonly string[] {
  const { name, image, env = [], volumeMounts = [], resources = {}, terminationMessagePath, ports = [] } = container
  return [
    ...unless(LABEL.test(name), 'its name'),
    ...unless(image.length > 0 && image.trim() === image, `image ${JSON.stringify(image)}`),
    ...unless(terminationMessagePath === undefined || terminationMessagePath !== '', 'terminationMessagePath'),
    ...env.flatMap(({ name: variable, value, valueFrom }) => [
      ...unless(ENV_NAME.test(variable), `env ${variable}`),
      ...unless(!(value && valueFrom), `env ${variable}: value and valueFrom`),
    ]),
    ...repeated(volumeMounts.map(({ mountPath }) => mountPath)).map(path => `two mounts at ${path}`),
    ...volumeMounts.flatMap(({ name: volume, mountPath, subPath = '', subPathExpr = '' }) => [
      ...unless(volumes.has(volume), `a mount of ${volume}, which is no volume`),
      ...unless(mountPath !== '' && !mountPath.includes(':'), `mountPath ${mountPath}`),
      ...unless(subPath === '' || isInside(subPath), `subPath ${subPath}`),
      ...unless(subPathExpr === '' || isInside(subPathExpr), `subPathExpr ${subPathExpr}`),
      ...unless(subPath === '' || subPathExpr === '', 'subPath and subPathExpr'),
    ]),
    ...ports.flatMap(({ containerPort }) =>
      unless(containerPort > 0 && containerPort < 65536, `port ${containerPort}`),
    ),
    ...resourceProblems(resources),
  ]
}

function resourceProblems({ requests = {}, limits = {} }: NonNullable<Container['resources']>): readonly string[] {
  return [
    ...[...Object.entries(requests), ...Object.entries(limits)].flatMap(([resource, amount]) => {
      const value = parseQuantity(amount)
      return [
        ...unless(isQualified(resource), `resource ${resource}`),
        ...unless(value !== undefined && value >= 0, `${resource}: ${amount}`),
      ]
    }),
    ...Object.entries(requests).flatMap(([resource, amount]) => {
      const limit = limits[resource]
      const fits = limit === undefined || (parseQuantity(amount) ?? 0) <= (parseQuantity(limit) ?? 0)
      return unless(fits, `${resource}: request ${amount} over limit ${limit}`)
    }),
  ]
}

function affinityProblems(affinity: unknown): readonly string[] {
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap(field => {
    const {
      requiredDuringSchedulingIgnoredDuringExecution: required,
      preferredDuringSchedulingIgnoredDuringExecution,
    } = asRecord(asRecord(affinity)[field])
    const preferred = list(preferredDuringSchedulingIgnoredDuringExecution).map(asRecord)
    return [
      ...list(required).map(asRecord),
      ...preferred.map(({ weight, podAffinityTerm }) => ({ ...asRecord(podAffinityTerm), weight })),
    ] as readonly Readonly<Record<string, unknown>>[]
  })
  return terms.flatMap(({ topologyKey, labelSelector, weight = 1 }) => {
    const { matchLabels, matchExpressions } = asRecord(labelSelector)
    return [
      ...unless(typeof topologyKey === 'string' && isQualified(topologyKey), `topologyKey ${topologyKey}`),
      ...unless(Number(weight) >= 1 && Number(weight) <= 100, `weight ${weight}`),
      ...Object.entries(asRecord(matchLabels)).flatMap(([key, value]) =>
        unless(isQualified(key) && LABEL_VALUE.test(String(value)), `matchLabels ${key}: ${value}`),
      ),
      ...list(matchExpressions).flatMap(one =>
        unless(['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(String(asRecord(one)['operator'])), 'operator'),
      ),
    ]
  })
}

function isQualified(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse()
  return more.length === 0 && QUALIFIED.test(name) && (prefix === undefined || SUBDOMAIN.test(prefix))
}

/** Relative, and never upwards. */
function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..')
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}

function unless(good: boolean, problem: string): readonly string[] {
  return good ? [] : [problem]
}

function list(written: unknown): readonly unknown[] {
  return Array.isArray(written) ? written : []
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}
