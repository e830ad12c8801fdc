/** Who does the work of an interceptor: one of ours here, or somebody at an address. */
import { partLogin } from '../../lib/url-login.js'
import type { InterceptorSpec, TriggerInterceptor } from '../../resources/triggers.js'
import type { Posting } from './outside.js'

/** The objects that a `ref` may mean, by name: those of the cluster, and those of the listener's namespace. */
export interface InterceptorObjects {
  readonly cluster: ReadonlyMap<string, InterceptorSpec>
  readonly own: ReadonlyMap<string, InterceptorSpec>
}

export const NO_INTERCEPTOR_OBJECTS: InterceptorObjects = { cluster: new Map(), own: new Map() }

export type Address = Pick<Posting, 'url' | 'network' | 'caBundle'>

export type Located =
  | { readonly is: 'builtIn'; readonly name: BuiltInName }
  | { readonly is: 'remote'; readonly address: Address }
  | { readonly is: 'webhook'; readonly address: Address }
  /** `missing` names the object that is not there, where that is why. */
  | { readonly is: 'nowhere'; readonly message: string; readonly missing?: string }

/** Tekton's own interceptors are served here by path. Ours are the same, and need no call. */
const CORE_SERVICE = 'tekton-triggers-core-interceptors'
const BUILT_IN_NAMES = ['github', 'gitlab', 'bitbucket', 'gitea', 'slack', 'cel'] as const
export type BuiltInName = (typeof BUILT_IN_NAMES)[number]

/** `namespace` is the one that a webhook's Service is looked for in when it names none. */
export function locate(
  { ref, webhook }: TriggerInterceptor,
  namespace: string,
  { cluster, own }: InterceptorObjects,
): Located {
  if (webhook !== undefined) {
    const { url, objectRef } = webhook
    if (url) return asWebhook(publicAddress(url))
    if (objectRef?.kind !== 'Service' || objectRef.apiVersion !== 'v1') return nowhere('invalid objRef')
    return asWebhook(serviceAddress({ ...objectRef, namespace: objectRef.namespace || namespace, path: '/', port: 80 }))
  }
  const name = ref?.name ?? ''
  const kind = ref?.kind || 'ClusterInterceptor'
  if (kind !== 'ClusterInterceptor' && kind !== 'NamespacedInterceptor') {
    return nowhere(`kind "${kind}" of interceptor ${name} is none: use ClusterInterceptor or NamespacedInterceptor`)
  }
  const spec = kind === 'ClusterInterceptor' ? cluster.get(name) : own.get(name)
  if (spec !== undefined) return locateObject(name, spec)
  if (kind === 'ClusterInterceptor' && isBuiltIn(name)) return { is: 'builtIn', name }
  const what = kind === 'ClusterInterceptor' ? 'clusterinterceptor' : 'interceptor'
  const message = `url resolution failed for interceptor ${name} with: ${what}.triggers.tekton.dev "${name}" not found`
  if (kind === 'NamespacedInterceptor') return { ...nowhere(message), missing: `Interceptor "${name}"` }
  const wayOut = `create it, or use one of ${BUILT_IN_NAMES.join(', ')}, which need no object`
  return { ...nowhere(`${message}: ${wayOut}`), missing: `ClusterInterceptor "${name}"` }
}

export function isBuiltIn(name: string): name is BuiltInName {
  return (BUILT_IN_NAMES as readonly string[]).includes(name)
}

function locateObject(name: string, spec: InterceptorSpec): Located {
  const { service } = spec.clientConfig ?? {}
  if (service?.name === CORE_SERVICE) {
    const path = (service.path ?? '').toLowerCase().replace(/^\//, '')
    if (isBuiltIn(path)) return { is: 'builtIn', name: path }
    return nowhere(`interceptor response was not 200: path did not match any interceptors: "${service.path ?? ''}"`)
  }
  const address = addressOf(spec)
  if (typeof address !== 'string') return { is: 'remote', address }
  return nowhere(`url resolution failed for interceptor ${name} with: ${address}`)
}

/** Where a ClusterInterceptor or Interceptor is called, or why nowhere. */
export function addressOf({ clientConfig = {} }: InterceptorSpec): Address | string {
  const { url, service, caBundle = '' } = clientConfig
  const pem = Buffer.from(caBundle, 'base64').toString('utf8')
  const trusting = pem === '' ? {} : { caBundle: pem }
  if (url) {
    const address = publicAddress(url)
    return typeof address === 'string' ? address : { ...address, ...trusting }
  }
  if (service === undefined) return 'interceptor URL was nil'
  const port = service.port ?? (pem === '' ? 80 : 8443)
  const address = serviceAddress({ ...service, port }, pem === '' ? 'http' : 'https')
  return typeof address === 'string' ? address : { ...address, ...trusting }
}

function publicAddress(text: string): Address | string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url: text, network: 'public' }
  return `"${url === undefined ? text : partLogin(text).url}" is not a valid http(s) url`
}

interface Service {
  readonly name?: string
  readonly namespace?: string
  readonly path?: string
  readonly port: number
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Names that are no DNS labels would lead somewhere else. */
function serviceAddress({ name = '', namespace = '', path = '', port }: Service, scheme = 'http'): Address | string {
  if (!LABEL.test(name) || !LABEL.test(namespace)) return `"${namespace}/${name}" cannot be the name of a Service`
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `${port} is no port`
  const host = `${scheme}://${name}.${namespace}.svc:${port}`
  const url = new URL(host)
  url.pathname = path
  // With the port, also when it is the scheme's own: as Tekton writes it into the status.
  return { url: path === '' ? host : `${host}${url.pathname}`, network: 'cluster' }
}

function asWebhook(address: Address | string): Located {
  return typeof address === 'string' ? nowhere(address) : { is: 'webhook', address }
}

function nowhere(message: string): Extract<Located, { is: 'nowhere' }> {
  return { is: 'nowhere', message }
}
