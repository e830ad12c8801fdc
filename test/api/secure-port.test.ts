/** The API over TLS and its kubeconfig, as a client with that file sees them. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { ownCertificate } from '../../src/api/access/certificate.js'
import { openSecurePort, type SecurePort, type SecurePortOptions } from '../../src/api/access/secure-port.js'
import { builtInUser } from '../../src/api/access/users.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { recordingLog } from '../listeners/world.js'

const NOW = Date.now()
const DAY_MS = 86_400_000

async function open(dataDir: string, more: Partial<SecurePortOptions> = {}): Promise<SecurePort> {
  const { cluster } = openCluster(temporaryDirectory('secure'))
  const users = [{ token: 'view-token', user: builtInUser('view') }]
  const { log } = recordingLog()
  const deps = { cluster, admission: () => ({}), readLogs: async () => undefined, token: 'token', users, log }
  const port = await openSecurePort(deps, {
    port: 0,
    bindAddress: '127.0.0.1',
    tlsNames: [],
    dataDir,
    tokens: { admin: 'token', view: 'view-token' },
    now: () => NOW,
    ...more,
  })
  onTestFinished(() => port.close())
  return port
}

interface Config {
  readonly clusters: readonly [
    { cluster: { server: string; 'certificate-authority-data': string; 'tls-server-name'?: string } },
  ]
  readonly users: readonly [{ user: { token: string } }]
  readonly contexts: readonly [{ context: object }]
  readonly 'current-context': string
}

/** Asks for /version with nothing but what the kubeconfig says. */
async function ask(file: string): Promise<number | undefined> {
  const { clusters, users } = parse(readFileSync(file, 'utf8')) as Config
  const { server, ...tls } = clusters[0].cluster
  const sending = request(`${server}/api/v1/namespaces/default/configmaps`, {
    ca: Buffer.from(tls['certificate-authority-data'], 'base64'),
    ...(tls['tls-server-name'] && { servername: tls['tls-server-name'] }),
    headers: { authorization: `Bearer ${users[0].user.token}` },
    agent: false,
  }).end()
  const [response] = (await once(sending, 'response')) as [import('node:http').IncomingMessage]
  response.resume()
  return response.statusCode
}

test('the kubeconfig is all a client needs, and its owner alone can read it', async () => {
  const dataDir = temporaryDirectory('secure')
  const port = await open(dataDir)
  expect(port.kubeconfig).toBe(join(dataDir, 'kubeconfig'))
  expect(statSync(port.kubeconfig).mode & 0o777).toBe(0o600)
  for (const file of ['authority.pem', 'server.pem']) {
    expect(statSync(join(dataDir, 'tls', file)).mode & 0o777).toBe(0o600)
  }
  const config = parse(readFileSync(port.kubeconfig, 'utf8')) as Config
  expect(config['current-context']).toBe('tektite')
  expect(config.contexts[0].context).toEqual({ cluster: 'tektite', user: 'tektite', namespace: 'default' })
  expect(config.clusters[0].cluster.server).toBe(port.url)
  expect(JSON.stringify(config)).not.toContain('PRIVATE')
  expect(await ask(port.kubeconfig)).toBe(200)
  const forView = parse(readFileSync(`${port.kubeconfig}-view`, 'utf8')) as Config
  expect(forView).toEqual({ ...config, users: [{ name: 'tektite', user: { token: 'view-token' } }] })
  expect(await ask(`${port.kubeconfig}-view`)).toBe(200)
})

test('a restart keeps port, certificate and file; a port that somebody took meanwhile is let go', async () => {
  const dataDir = temporaryDirectory('secure')
  const first = await open(dataDir)
  const before = readFileSync(first.kubeconfig, 'utf8')
  await first.close()
  const second = await open(dataDir)
  expect(readFileSync(second.kubeconfig, 'utf8')).toBe(before)
  await second.close()
  const taken = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const third = await open(dataDir)
  expect(third.url).not.toBe(first.url)
  expect(await ask(third.kubeconfig)).toBe(200)
})

test('a port that is asked for and taken is an error, and leaves no kubeconfig', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const dataDir = temporaryDirectory('secure')
  await expect(open(dataDir, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(existsSync(join(dataDir, 'kubeconfig'))).toBe(false)
})

test('the certificate is for this machine, all of it when all of it listens, and for the names that were asked for', async () => {
  const dataDir = temporaryDirectory('secure')
  const port = await open(dataDir, { bindAddress: '0.0.0.0', tlsNames: ['ci.example.com', '2001:db8::1'] })
  const { cert } = pemIn(join(dataDir, 'tls/server.pem'))
  for (const name of ['localhost', hostname(), 'ci.example.com']) expect(cert.checkHost(name)).toBeDefined()
  for (const address of ['127.0.0.1', '::1', '2001:db8::1']) expect(cert.checkIP(address)).toBeDefined()
  expect(cert.checkHost('example.com')).toBeUndefined()
  expect(port.url).toMatch(/^https:\/\/127\.0\.0\.1:/)
  expect(await ask(port.kubeconfig)).toBe(200)
})

test('the server’s certificate is renewed in time and for other names; who trusts the authority goes on', async () => {
  const folder = temporaryDirectory('certificate')
  const first = await ownCertificate(folder, ['localhost'], NOW)
  expect(await ownCertificate(folder, ['localhost'], NOW + 300 * DAY_MS)).toEqual(first)
  const named = await ownCertificate(folder, ['localhost', '127.0.0.1'], NOW)
  expect(await ownCertificate(folder, ['127.0.0.1'], NOW)).toEqual(named)
  const renewed = await ownCertificate(folder, ['localhost'], NOW + 340 * DAY_MS)
  const authority = new X509Certificate(first.authority)
  const all = [first, named, renewed].map(({ certificate }) => new X509Certificate(certificate))
  expect(new Set(all.map(({ serialNumber }) => serialNumber)).size).toBe(3)
  for (const one of all) expect(one.verify(authority.publicKey)).toBe(true)
  expect(renewed.authority).toBe(first.authority)
})

test.each(['', 'not PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'files that hold no certificate with its key, such as %j, are replaced',
  async text => {
    const folder = temporaryDirectory('certificate')
    writeFileSync(join(folder, 'authority.pem'), text)
    writeFileSync(join(folder, 'server.pem'), text)
    const made = await ownCertificate(folder, ['localhost'], NOW)
    expect(new X509Certificate(made.certificate).verify(new X509Certificate(made.authority).publicKey)).toBe(true)
    expect(await ownCertificate(folder, ['localhost'], NOW)).toEqual(made)
  },
)

test('a given certificate is shown, under the name that it is for', async () => {
  const folder = temporaryDirectory('given')
  const made = await generate([{ name: 'commonName', value: 'ci.example.com' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: '*.example.com' }] }],
  })
  const tlsFiles = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  writeFileSync(tlsFiles.certificate, made.cert)
  writeFileSync(tlsFiles.key, made.private)
  const port = await open(folder, { tlsFiles })
  expect(existsSync(join(folder, 'tls'))).toBe(false)
  expect((parse(readFileSync(port.kubeconfig, 'utf8')) as Config).clusters[0].cluster['tls-server-name']).toBe(
    'tektite.example.com',
  )
  expect(await ask(port.kubeconfig)).toBe(200)

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(tlsFiles.key, other.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await expect(open(folder, { tlsFiles })).rejects.toThrow(
    /tls\.crt and --tls-private-key-file .* do not belong together/,
  )
  await expect(open(folder, { tlsFiles: { ...tlsFiles, key: join(folder, 'none') } })).rejects.toThrow(
    /^--tls-private-key-file .*none cannot be read: ENOENT/,
  )
})

function pemIn(file: string): { readonly cert: X509Certificate } {
  const [pem = ''] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(readFileSync(file, 'utf8')) ?? []
  return { cert: new X509Certificate(pem) }
}
