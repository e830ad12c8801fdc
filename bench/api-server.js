/** The store and its API alone, as an API server is without kubelets: for Pods that nobody is to run. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAccess } from '../dist/src/api/access/data-folder.js'
import { openSecurePort } from '../dist/src/api/access/secure-port.js'
import { openEmbeddedCluster } from '../dist/src/cluster/embedded/store.js'
import { readConfig } from '../dist/src/config.js'
import { createLog } from '../dist/src/logging.js'
import { DEFAULT_SETTINGS } from '../dist/src/run/settings.js'
import { openDatabase } from '../dist/src/storage/lmdb.js'

const [dataDir] = process.argv.slice(2)
const log = createLog(readConfig('warn').logLevel)
mkdirSync(dataDir, { recursive: true })
const cluster = openEmbeddedCluster({ database: openDatabase(join(dataDir, 'store'), { durable: true }) })
await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', namespace: '' } })
const { tokens, users, auditLog } = await openAccess({ dataDir, stdout: process.stdout, log, now: Date.now })
const admission = () => ({ settings: DEFAULT_SETTINGS })
const readLogs = async () => undefined
const deps = { cluster, admission, readLogs, log, token: tokens.admin, users, auditLog, newId: randomUUID }
const options = { port: 0, bindAddress: '127.0.0.1', tlsNames: [], dataDir, tokens, now: Date.now }
const secure = await openSecurePort(deps, options)
writeFileSync(join(dataDir, 'addresses.json'), JSON.stringify({ secure: secure.url, pid: process.pid }))
console.error('the API is up')
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit())
