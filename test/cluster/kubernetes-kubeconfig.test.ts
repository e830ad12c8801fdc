import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSecurePort } from '../../src/api/access/secure-port.js'
import type { Connection } from '../../src/cluster/kubernetes/connection.js'
import { connectionFromEnvironment, type KubeconfigOptions } from '../../src/cluster/kubernetes/kubeconfig.js'
import { openKubernetesCluster } from '../../src/cluster/kubernetes.js'
import { SILENT } from '../../src/lib/log.js'
import { cases } from '../helpers/cases.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { openCluster } from './open-cluster.js'
import { withoutManagers } from './served-cluster.js'

const key = { namespace: 'ns', name: 'x' }

function clusterAt(connection: Connection) {
  const cluster = openKubernetesCluster({ connection })
  onTestFinished(() => cluster.close())
  return cluster
}

/** Knows nothing but who asks. */
async function door(isWelcome: (request: IncomingMessage) => boolean) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization ?? 'nobody')
    const [code, reason, message] = isWelcome(request)
      ? ([404, 'NotFound', 'configmaps "x" not found'] as const)
      : ([401, 'Unauthorized', 'Unauthorized'] as const)
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

interface Written {
  readonly cluster?: object
  readonly user?: object
  readonly context?: string
}

function kubeconfigFile({ cluster = { server: 'https://localhost:1' }, user = {}, context = 'here' }: Written): string {
  const file = join(temporaryDirectory('kubeconfig'), 'config')
  const config = {
    'current-context': context,
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
  }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config))
  return file
}

const from = (file: string, more: Partial<KubeconfigOptions> = {}) =>
  connectionFromEnvironment({ environment: {}, file, ...more })

test('the kubeconfig that `tektite up` writes leads to its API, over TLS and by token', async () => {
  const dataDir = temporaryDirectory('kubeconfig')
  const { cluster: store } = openCluster(temporaryDirectory('store'))
  await store.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { namespace: '', name: 'ns' } })
  const deps = { cluster: store, admission: () => ({}), readLogs: async () => undefined, token: 't', log: SILENT }
  const port = await openSecurePort(deps, {
    port: 0,
    bindAddress: '127.0.0.1',
    tlsNames: [],
    dataDir,
    tokens: { admin: 't', view: 'view' },
    now: Date.now,
  })
  onTestFinished(() => port.close())
  const connection = await connectionFromEnvironment({ environment: { KUBECONFIG: join(dataDir, 'kubeconfig') } })
  const cluster = clusterAt(connection)
  const made = await cluster.create('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: key,
    data: { a: 'b' },
  })
  expect(withoutManagers(await store.get('ConfigMap', key))).toEqual(made)
  expect(await cluster.list('ConfigMap')).toEqual([made])
})

test('a token that is refused is read again from its file, once', async () => {
  let token = 'first'
  const { server, seen } = await door(({ headers }) => headers.authorization === `Bearer ${token}`)
  const tokenFile = join(temporaryDirectory('token'), 'token')
  writeFileSync(tokenFile, 'first\n')
  const cluster = clusterAt(await from(kubeconfigFile({ cluster: { server }, user: { tokenFile } })))
  expect(await cluster.get('ConfigMap', key)).toBeUndefined()
  token = 'second'
  writeFileSync(tokenFile, 'second\n')
  expect(await cluster.get('ConfigMap', key)).toBeUndefined()
  expect(seen).toEqual(['Bearer first', 'Bearer first', 'Bearer second'])
  token = 'third'
  await expect(cluster.get('ConfigMap', key)).rejects.toMatchObject({
    reason: 'Unavailable',
    message: expect.stringContaining('HTTP 401'),
  })
  expect(seen).toHaveLength(5)
})

test('a plugin is run for a token, told what kubectl tells it, and run again when the token is refused', async () => {
  let token = 'token 1'
  const { server, seen } = await door(({ headers }) => headers.authorization === `Bearer ${token}`)
  const folder = temporaryDirectory('plugin')
  const script = `
    const fs = require('node:fs')
    const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO)
    if (info.spec.cluster.server !== ${JSON.stringify(server)}) throw new Error('told nothing')
    const runs = fs.existsSync('runs') ? Number(fs.readFileSync('runs')) + 1 : 1
    fs.writeFileSync('runs', String(runs))
    const status = { token: 'token ' + runs, expirationTimestamp: '2999-01-01T00:00:00Z' }
    console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status }))`
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script.replaceAll("'runs'", JSON.stringify(join(folder, 'runs')))],
    provideClusterInfo: true,
    interactiveMode: 'Never',
  }
  const cluster = clusterAt(await from(kubeconfigFile({ cluster: { server }, user: { exec } })))
  await Promise.all([1, 2, 3].map(() => cluster.get('ConfigMap', key)))
  expect(seen).toEqual(['Bearer token 1', 'Bearer token 1', 'Bearer token 1'])
  token = 'token 2'
  await cluster.get('ConfigMap', key)
  expect(seen.at(-1)).toBe('Bearer token 2')
})

test('a plugin that fails says why, and no request is sent', async () => {
  const { server, seen } = await door(() => true)
  const exec = { command: process.execPath, args: ['-e', 'console.error("log in first"); process.exit(1)'] }
  const connection = await from(kubeconfigFile({ cluster: { server }, user: { exec } }))
  const pauses = { firstMs: 1, maxMs: 1 }
  const cluster = openKubernetesCluster({ connection, callLimits: { tryMs: 5000, allMs: 9000, tries: 2, pauses } })
  await expect(cluster.get('ConfigMap', key)).rejects.toThrow(/get \/api\/v1.*credentials.*log in first/s)
  expect(seen).toEqual([])
})

test.each(
  cases<{ readonly user: object; readonly headers: object; readonly tls?: object; readonly cluster?: object }>({
    'a token': { user: { token: 't' }, headers: { authorization: 'Bearer t' } },
    'a name and a password': {
      user: { username: 'u', password: 'p' },
      headers: { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
    },
    'somebody else': {
      user: { token: 't', as: 'other' },
      headers: { authorization: 'Bearer t', 'impersonate-user': 'other' },
    },
    'a certificate': {
      user: { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5' },
      headers: {},
      tls: { cert: 'cert', key: 'key' },
    },
    'an authority and another name': {
      user: {},
      headers: {},
      cluster: { 'certificate-authority-data': 'Y2E=', 'tls-server-name': 'other' },
      tls: { ca: 'ca', servername: 'other' },
    },
    'nobody to trust': {
      user: {},
      headers: {},
      cluster: { 'insecure-skip-tls-verify': true },
      tls: { rejectUnauthorized: false },
    },
  }),
)('%s', async (_, { user, headers, tls = {}, cluster = {} }) => {
  const file = kubeconfigFile({ user, cluster: { server: 'https://k.example.com:6443/behind/', ...cluster } })
  const connection = await from(file)
  expect(`${connection.server}`).toBe('https://k.example.com:6443/behind')
  const given = await connection.credentials(false)
  const texts = Object.entries(given.tls).map(([name, value]) => [name, Buffer.isBuffer(value) ? `${value}` : value])
  expect({ headers: given.headers, tls: Object.fromEntries(texts) }).toEqual({ headers, tls })
})

test.each(
  cases<{ readonly written: Written; readonly context?: string; readonly says: RegExp }>({
    'no such context': { written: {}, context: 'there', says: /config has no context "there"; there are: here$/ },
    'no current context': { written: { context: '' }, says: /config has no current-context/ },
    'plain HTTP to another machine': {
      written: { cluster: { server: 'http://k.example.com' } },
      says: /cluster "c": http:\/\/k.example.com would show credentials/,
    },
    'a proxy': {
      written: { cluster: { server: 'https://k.example.com', 'proxy-url': 'http://p' } },
      says: /cluster "c": proxy-url is not supported/,
    },
    'no server': { written: { cluster: {} }, says: /config is no kubeconfig/ },
  }),
)('%s is refused, by name', async (_, { written, context, says }) => {
  const more = context === undefined ? {} : { context }
  await expect(from(kubeconfigFile(written), more)).rejects.toThrow(says)
})

test('of several files the first that says something wins, and missing ones are passed over', async () => {
  const first = kubeconfigFile({ cluster: { server: 'https://first:1' } })
  const second = kubeconfigFile({ cluster: { server: 'https://second:1' } })
  const environment = { KUBECONFIG: [first, '/nowhere/config', second].join(':') }
  expect(`${(await connectionFromEnvironment({ environment })).server}`).toBe('https://first:1/')
})

test('without a kubeconfig it is the service account of the Pod, and in no Pod an error', async () => {
  const folder = temporaryDirectory('service-account')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'ca.crt'), 'ca')
  writeFileSync(join(folder, 'token'), 'of the pod')
  const environment = { HOME: folder, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
  const connection = await connectionFromEnvironment({ environment, serviceAccountDirectory: folder })
  expect(connection.server.host).toBe('[fd00::1]')
  expect(await connection.credentials(false)).toEqual({
    headers: { authorization: 'Bearer of the pod' },
    tls: { ca: Buffer.from('ca') },
  })
  await expect(connectionFromEnvironment({ environment: { HOME: folder } })).rejects.toThrow('no API server is known')
})
