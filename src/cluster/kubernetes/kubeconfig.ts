/**
 * API servers as kubeconfig files and Pods know them. The only file that knows `@kubernetes/client-node`, and only parts of
 * it: its `KubeConfig` would bring every generated class of the Kubernetes API along, 350 ms and 70 MB for a process
 * that uses none; these parts cost 5 ms and 2 MB, or four times that with OIDC (see decision 0033).
 */
import { existsSync, readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js'
import { readYaml } from '../../resources/yaml-source.js'
import { pause } from '../../timers.js'
import type { Connection, Credentials } from './connection.js'
import { kubeconfigFiles, userKubeconfig } from './kubeconfig-files.js'

export interface KubeconfigOptions {
  /** Where `KUBECONFIG`, `HOME` and what the kubelet tells Pods are read from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Instead of what the environment leads to. */
  readonly file?: string
  /** Instead of the current one. */
  readonly context?: string
  /** Where the kubelet mounts the service account. */
  readonly serviceAccountDirectory?: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
/** A plugin may open a browser and wait for a person; nobody waits for ever. */
const AUTHENTICATION_MS = 60_000

/** A connection, and what a kubeconfig says besides. */
export interface Place {
  readonly connection: Connection
  /** Undefined in a Pod, where there is no file. */
  readonly context?: string
  /** Where objects are that nobody gives a namespace for. */
  readonly namespace?: string
}

/** @throws Error that names the file and what is missing in it */
export async function connectionFromEnvironment(options: KubeconfigOptions): Promise<Connection> {
  return (await placeFromEnvironment(options)).connection
}

/**
 * As kubectl chooses: the file that is given, those of `KUBECONFIG`, `~/.kube/config`, the Pod that this runs in.
 * @throws Error that names the file and what is missing in it
 */
export async function placeFromEnvironment(options: KubeconfigOptions): Promise<Place> {
  const { environment, context, serviceAccountDirectory = SERVICE_ACCOUNT } = options
  const files = kubeconfigFiles(options)
  if (files.length > 0) {
    const { name, namespace, ...found } = await chosen(files, context)
    return { connection: connectionOf(found), context: name, ...(namespace && { namespace }) }
  }
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (host) {
    const namespace = readIfThere(join(serviceAccountDirectory, 'namespace'))?.trim()
    const connection = connectionOf(inCluster(host, port, serviceAccountDirectory))
    return { connection, ...(namespace && { namespace }) }
  }
  throw new Error(
    `no API server is known: give a kubeconfig file, or set KUBECONFIG (${userKubeconfig(environment)} is not there, and this is no Pod)`,
  )
}

/** The names of all contexts, the current one first. @throws Error that names the file and what is wrong with it */
export async function contextNames(options: KubeconfigOptions): Promise<readonly string[]> {
  const contents = await readAll(kubeconfigFiles(options))
  const current = contents.find(each => each.current)?.current
  const names = contents.flatMap(each => each.contexts).map(({ name }) => name)
  return [...new Set([...names.filter(name => name === current), ...names])]
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

interface Chosen {
  readonly cluster: Cluster
  readonly user: User
}

function inCluster(host: string, port: string, directory: string): Chosen {
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    cluster: { name: 'in-cluster', server, caFile: join(directory, 'ca.crt'), skipTLSVerify: false },
    // The kubelet writes another token into the file well before this one ends.
    user: { name: 'in-cluster', authProvider: { name: 'tokenFile', config: { tokenFile: join(directory, 'token') } } },
  }
}

interface Contents {
  readonly clusters: readonly Cluster[]
  readonly contexts: readonly Context[]
  readonly users: readonly User[]
  readonly current: string | undefined
}

/** Of several files the first that says something wins, as with kubectl. */
async function chosen(
  files: readonly string[],
  wanted: string | undefined,
): Promise<Chosen & Pick<Context, 'name' | 'namespace'>> {
  const contents = await readAll(files)
  const place = files.join(delimiter)
  const name = wanted ?? contents.find(each => each.current)?.current
  if (!name) throw new Error(`${place} has no current-context: say which context is meant`)
  const named = <T extends { readonly name: string }>(what: string, all: readonly T[], is: string): T => {
    const found = all.find(each => each.name === is)
    if (found !== undefined) return found
    const known = all.map(each => each.name).join(', ') || 'none'
    throw new Error(`${place} has no ${what} "${is}"; there are: ${known}`)
  }
  const context = named(
    'context',
    contents.flatMap(each => each.contexts),
    name,
  )
  return {
    name,
    ...(context.namespace && { namespace: context.namespace }),
    cluster: named(
      'cluster',
      contents.flatMap(each => each.clusters),
      context.cluster,
    ),
    user: context.user
      ? named(
          'user',
          contents.flatMap(each => each.users),
          context.user,
        )
      : { name: 'nobody' },
  }
}

/** All but the first may be missing, as with kubectl. */
function readAll(files: readonly string[]): Promise<readonly Contents[]> {
  return Promise.all(files.filter((each, at) => at === 0 || existsSync(each)).map(read))
}

async function read(file: string): Promise<Contents> {
  const { newClusters, newContexts, newUsers } = await import('@kubernetes/client-node/dist/config_types.js')
  const answer = readYaml(readFileSync(file, 'utf8'), 1)
  if (answer.is === 'refused') throw new Error(`${file}, line ${answer.line}: ${answer.message}`)
  const config = (answer.document.value ?? {}) as Readonly<Record<string, unknown>>
  const here = (path: string | undefined) => (path && !isAbsolute(path) ? join(dirname(file), path) : path)
  try {
    return {
      clusters: newClusters(config['clusters']).map(each => ({ ...each, ...paths({ caFile: here(each.caFile) }) })),
      contexts: newContexts(config['contexts']),
      users: newUsers(withTokenFiles(config['users'], here)).map(each => ({
        ...each,
        ...paths({ certFile: here(each.certFile), keyFile: here(each.keyFile) }),
      })),
      current: config['current-context'] as string | undefined,
    }
  } catch (cause) {
    throw new Error(`${file} is no kubeconfig`, { cause })
  }
}

function paths<K extends string>(given: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(given).filter(([, path]) => path)) as Partial<Record<K, string>>
}

/** The library reads a `tokenFile` once; as what it makes of a service account it is read again when it has changed. */
function withTokenFiles(users: unknown, here: (path: string) => string | undefined): unknown {
  if (!Array.isArray(users)) return users
  return users.map(({ user, ...rest }: { readonly user?: Readonly<Record<string, unknown>> | null }) => {
    const { tokenFile, ...others } = user ?? {}
    if (typeof tokenFile !== 'string') return { ...rest, user }
    return {
      ...rest,
      user: { ...others, 'auth-provider': { name: 'tokenFile', config: { tokenFile: here(tokenFile) } } },
    }
  })
}

function connectionOf({ cluster, user }: Chosen): Connection {
  const server = new URL(cluster.server)
  if (cluster.proxyUrl) throw new Error(`cluster "${cluster.name}": proxy-url is not supported`)
  if (server.protocol === 'http:' && !cluster.skipTLSVerify && !isLoopback(server)) {
    throw new Error(`cluster "${cluster.name}": ${cluster.server} would show credentials to whoever listens; use https`)
  }
  let asking: ((options: RequestOptions) => Promise<void>) | undefined
  return {
    server,
    async credentials(refused) {
      if (refused) asking = undefined
      asking ??= await authenticatorOf(cluster, user)
      const options: RequestOptions = { headers: {} }
      await inTime(asking(options), `user "${user.name}": no credentials within ${AUTHENTICATION_MS} ms`)
      return { headers: headersOf(user, options), tls: tlsOf(cluster, user, options) }
    },
  }
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** What the kind of user asks for; its memory of what it got is dropped with it. */
async function authenticatorOf(cluster: Cluster, user: User): Promise<(options: RequestOptions) => Promise<void>> {
  const provider = user.authProvider as
    | { readonly name?: string; readonly config?: Record<string, unknown> }
    | undefined
  if (user.exec) {
    const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js')
    const authenticator = new ExecAuth()
    const asked = { ...user, exec: withExecInfo(user.exec as Exec, cluster) }
    return options => authenticator.applyAuthentication(asked, options)
  }
  if (provider?.config?.['tokenFile']) {
    const { FileAuth } = await import('@kubernetes/client-node/dist/file_auth.js')
    const authenticator = new FileAuth()
    return options => authenticator.applyAuthentication(user, options)
  }
  if (provider?.name === 'oidc') {
    const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js')
    const authenticator = new OpenIDConnectAuth()
    return options => authenticator.applyAuthentication(user, options)
  }
  if (provider) throw new Error(`user "${user.name}": auth-provider "${provider.name}" is not supported; use exec`)
  return async () => {}
}

interface Exec {
  readonly apiVersion?: string
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly provideClusterInfo?: boolean
}

/** What plugins are told by kubectl, which the library leaves out; some do nothing without it. */
function withExecInfo(exec: Exec, { server, caData, tlsServerName, skipTLSVerify }: Cluster): Exec {
  const cluster = {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': skipTLSVerify,
    'certificate-authority-data': caData,
  }
  const spec = { interactive: false, ...(exec.provideClusterInfo && { cluster }) }
  const value = JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec })
  return { ...exec, env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value }] }
}

async function inTime(work: Promise<void>, problem: string): Promise<void> {
  const done = new AbortController()
  const late = pause(AUTHENTICATION_MS, done.signal).then(() => {
    if (!done.signal.aborted) throw new Error(problem)
  })
  await Promise.race([work, late]).finally(() => done.abort())
}

function headersOf(user: User, { headers }: RequestOptions): Credentials['headers'] {
  const { username, password = '', token, impersonateUser } = user
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const given = (headers ?? {}) as Readonly<Record<string, string>>
  const authorization = token ? `Bearer ${token}` : username ? basic : given['Authorization']
  return {
    // A token from a file ends as the file does.
    ...(authorization && { authorization: authorization.trim() }),
    ...(impersonateUser && { 'impersonate-user': impersonateUser }),
  }
}

function tlsOf(cluster: Cluster, user: User, options: RequestOptions): Credentials['tls'] {
  const { caFile, caData, tlsServerName, skipTLSVerify } = cluster
  const ca = fileOrData(caFile, caData)
  const cert = options.cert ?? fileOrData(user.certFile, user.certData)
  const key = options.key ?? fileOrData(user.keyFile, user.keyData)
  return {
    ...(ca && { ca }),
    ...(cert && { cert: cert as Buffer }),
    ...(key && { key: key as Buffer }),
    ...(tlsServerName && { servername: tlsServerName }),
    ...(skipTLSVerify && { rejectUnauthorized: false }),
  }
}

function fileOrData(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file) return readFileSync(file)
  return data ? Buffer.from(data, 'base64') : undefined
}
