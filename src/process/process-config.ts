/** Everything a process is told, read and checked before it does anything. */
import { readFile } from 'node:fs/promises'
import type { Connection } from '../cluster/kubernetes/connection.js'
import { connectionFromEnvironment } from '../cluster/kubernetes/kubeconfig.js'
import { type Config, configIn, type Environment } from '../config.js'
import { describeError } from '../lib/fault.js'
import type { RedisPlace } from '../redis/connection.js'
import { type FlagReading, type Flags, readFlags, type Values } from './flags.js'
import type { CommonFlags, CommonValues, ListenerValues, WorkerValues } from './process-flags.js'
import { readCertificate } from './webhook-certificate.js'

export interface ProcessConfig<F extends Flags> {
  readonly values: Values<F>
  /** What only the environment says. */
  readonly config: Config
  readonly connection: Connection
  readonly redis: RedisPlace & { readonly prefix: string }
  /** Of the store that `--log-store` names. PEM. */
  readonly logStoreAuthority: string | undefined
}

export type ProcessReading<F extends Flags> =
  | { readonly is: 'read'; readonly told: ProcessConfig<F> }
  | Exclude<FlagReading<F>, { readonly is: 'read' }>

/** All problems at once. `check` reads what the flags of this process name besides. */
export async function readProcess<F extends CommonFlags>(
  flags: F,
  args: readonly string[],
  environment: Environment,
): Promise<ProcessReading<F>> {
  const reading = readFlags(flags, args, environment)
  if (reading.is === 'help' || reading.is === 'version') return reading
  // The level is a flag here.
  const { config, problems } = configIn('info', { ...environment, TEKTITE_LOG_LEVEL: undefined })
  if (reading.is === 'wrong') return { is: 'wrong', problems: [...reading.problems, ...problems] }
  const values: CommonValues = reading.values
  const [connection, authority, storeAuthority, webhook] = await Promise.all([
    attempt('--kubeconfig (KUBECONFIG)', () => connect(values, environment)),
    attempt(`--redis-ca-file (REDIS_CA_FILE) is ${JSON.stringify(values['redis-ca-file'])}`, () => caOf(values)),
    attempt('--log-store-ca-file (TEKTITE_LOG_STORE_CA_FILE)', () => storeCaOf(values as Partial<WorkerValues>)),
    attempt('--webhook-port and --webhook-cert-dir', () => checkWebhook(values as Partial<ListenerValues>)),
  ])
  const more = [connection, authority, storeAuthority, webhook].flatMap(problemOf)
  if (connection.is === 'failed' || authority.is === 'failed' || storeAuthority.is === 'failed' || more.length > 0) {
    return { is: 'wrong', problems: [...problems, ...more] }
  }
  if (problems.length > 0) return { is: 'wrong', problems }
  const redis = {
    redisUrl: values['redis-url'],
    prefix: values['redis-prefix'],
    redisPassword: values['redis-password'],
    redisCertificateAuthority: authority.value,
  }
  const { value: logStoreAuthority } = storeAuthority
  return {
    is: 'read',
    told: { values: reading.values, config, connection: connection.value, redis, logStoreAuthority },
  }
}

/** In a Pod its service account, unless a kubeconfig is given: what lies in a home directory counts for nothing. */
function connect(values: CommonValues, environment: Environment): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
  if (!values.kubeconfig && !host) {
    throw new Error('is not given, and this is no Pod: give --kubeconfig <file>, or set KUBECONFIG')
  }
  const known = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG: values.kubeconfig }
  return connectionFromEnvironment({ environment: known })
}

async function caOf({ 'redis-ca-file': file, 'redis-url': url }: CommonValues): Promise<string | undefined> {
  if (file === undefined) return undefined
  if (!url.startsWith('rediss:')) throw new Error('it is for TLS, and --redis-url is not: write rediss://')
  return readPem(file)
}

async function storeCaOf(values: Partial<WorkerValues>): Promise<string | undefined> {
  const { 'log-store-ca-file': file, 'log-store': store } = values
  if (file === undefined) return undefined
  if (store?.is !== 's3') throw new Error('it is for TLS, and --log-store names no object store')
  return readPem(file)
}

async function readPem(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8')
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('the file holds no certificate (PEM)')
  return pem
}

async function checkWebhook(values: Partial<ListenerValues>): Promise<void> {
  const { 'webhook-port': port, 'webhook-cert-dir': folder } = values
  if (port !== undefined && folder === undefined) throw new Error('the folder is missing: it holds tls.crt and tls.key')
  if (port === undefined && folder !== undefined) throw new Error('the port is missing')
  if (folder !== undefined) await readCertificate(folder)
}

type Attempt<T> = { readonly is: 'done'; readonly value: T } | { readonly is: 'failed'; readonly problem: string }

async function attempt<T>(what: string, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { is: 'done', value: await work() }
  } catch (error) {
    return { is: 'failed', problem: `${what}: ${describeError(error)}` }
  }
}

function problemOf(one: Attempt<unknown>): readonly string[] {
  return one.is === 'failed' ? [one.problem] : []
}
