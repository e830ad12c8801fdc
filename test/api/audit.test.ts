/** The audit log: every write through the API, and nothing that was in it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createAuditLog, openLineFile } from '../../src/api/access/audit-log.js'
import { openAccess } from '../../src/api/access/data-folder.js'
import { builtInUser } from '../../src/api/access/users.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from '../listeners/world.js'
import { serveApi } from './world.js'

const NOW = Date.parse('2026-11-22T14:00:00Z')
const VIEW = { token: 'view-token', user: builtInUser('view') }

async function audited() {
  const events: { readonly [field: string]: unknown }[] = []
  let id = 0
  const auditLog = createAuditLog({
    write: line => void events.push(JSON.parse(line)),
    now: () => NOW,
    newId: () => `id-${++id}`,
  })
  const { call } = await serveApi({ auditLog, users: [VIEW] })
  return { call, events }
}

const secret = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { ...(name.endsWith('-') ? { generateName: name } : { name }), namespace: 'ci' },
  stringData: { password: 'hunter2' },
})

test('a write is a line that says who did what, when, from where, and how it ended', async () => {
  const { call, events } = await audited()
  const created = await call('POST', '/api/v1/namespaces/ci/secrets?fieldManager=k', { body: secret('s-') })
  const made = created.body?.['metadata'] as { readonly name: string; readonly uid: string } | undefined
  expect(made?.name).toMatch(/^s-/)
  expect(events).toEqual([
    {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'id-1',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/ci/secrets?fieldManager=k',
      verb: 'create',
      user: { username: 'tektite:admin', groups: ['tektite:admin', 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      objectRef: { resource: 'secrets', namespace: 'ci', name: made?.name, uid: made?.uid, apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestReceivedTimestamp: '2026-11-22T14:00:00.000000Z',
      stageTimestamp: '2026-11-22T14:00:00.000000Z',
    },
  ])
  expect(JSON.stringify(events)).not.toContain('hunter2')
})

test('what was refused is there too; looks, questions and strangers are not', async () => {
  const { call, events } = await audited()
  const asViewer = { authorization: `Bearer ${VIEW.token}` }
  await call('GET', '/api/v1/namespaces/ci/secrets')
  await call('GET', '/api/v1/namespaces/ci/secrets/s', asViewer)
  await call('POST', '/api/v1/namespaces/ci/secrets', { body: secret('s'), authorization: 'Bearer wrong' })
  const question = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: question })
  expect(events).toEqual([])
  await call('POST', '/api/v1/namespaces/ci/secrets', { body: secret('s'), ...asViewer })
  await call('POST', '/api/v1/namespaces/ci/secrets', { body: '{"hunter2' })
  await call('DELETE', '/api/v1/namespaces/ci/secrets/none')
  await call('GET', '/api/v1/namespaces/ci/pods/p/exec?command=id')
  expect(events.map(({ verb, user, responseStatus }) => ({ verb, user, responseStatus }))).toEqual([
    {
      verb: 'create',
      user: { username: 'tektite:view', groups: VIEW.user.groups },
      responseStatus: { metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403 },
    },
    expect.objectContaining({
      verb: 'create',
      responseStatus: { metadata: {}, status: 'Failure', reason: 'BadRequest', code: 400 },
    }),
    expect.objectContaining({
      verb: 'delete',
      responseStatus: { metadata: {}, status: 'Failure', reason: 'NotFound', code: 404 },
    }),
    expect.objectContaining({ verb: 'create' }),
  ])
  expect(JSON.stringify(events)).not.toContain('hunter2')
})

test('a long path is cut', async () => {
  const { call, events } = await audited()
  await call('DELETE', `/api/v1/namespaces/ci/configmaps/${'x'.repeat(5_000)}`)
  expect(JSON.stringify(events[0]).length).toBeLessThan(4_000)
})

test('the file takes whole lines, begins anew when it is full, and keeps one before it', async () => {
  const path = join(temporaryDirectory('audit'), 'audit.log')
  const file = openLineFile({ path, log: recordingLog().log, maxBytes: 30 })
  const write = async (line: string) => {
    file.write(line)
    await until('the line', () => readFileSync(path, 'utf8').endsWith(line))
  }
  await write('0123456789 one\n')
  await write('0123456789 two\n')
  expect(readFileSync(path, 'utf8')).toBe('0123456789 one\n0123456789 two\n')
  await write('three\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('0123456789 one\n0123456789 two\n')
  await write(`${'x'.repeat(40)}\n`)
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('three\n')
  file.write('last\n')
  file.close()
  expect(readFileSync(path, 'utf8')).toBe('last\n')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const again = openLineFile({ path, log: recordingLog().log, maxBytes: 30 })
  again.write('more\n')
  again.close()
  expect(readFileSync(path, 'utf8')).toBe('last\nmore\n')
})

test('tokens, users and the audit log are opened from the data folder', async () => {
  const dataDir = temporaryDirectory('access')
  const tokenAuthFile = join(dataDir, 'users.csv')
  writeFileSync(tokenAuthFile, 't1,jane,1,tektite:admin\n')
  let said = ''
  const stdout = { write: (text: string) => (said += text) }
  const open = async (more: object) => {
    const access = await openAccess({ dataDir, stdout, log: recordingLog().log, now: () => NOW, ...more })
    onTestFinished(() => access.close())
    return access
  }
  const first = await open({ tokenAuthFile })
  expect(first.tokens.view).not.toBe(first.tokens.admin)
  expect(first.users.map(({ user }) => user.name)).toEqual(['tektite:view', 'jane'])
  expect((await open({})).tokens).toEqual(first.tokens)
  for (const name of ['token', 'view-token']) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600)

  const request = {
    user: builtInUser('admin'),
    attributes: { verb: 'post', path: '/x' },
    url: '/x',
    userAgent: 'u',
    address: '::ffff:10.0.0.1',
  }
  ;(await open({ auditLogPath: '-' })).auditLog?.begin(request)({ code: 404, body: { reason: 'NotFound' } })
  expect(JSON.parse(said)).toMatchObject({ verb: 'post', sourceIPs: ['10.0.0.1'], userAgent: 'u' })
  expect((await open({ auditLogPath: 'off' })).auditLog).toBeUndefined()
  writeFileSync(tokenAuthFile, 't1,jane\n')
  await expect(open({ tokenAuthFile })).rejects.toThrow(`--token-auth-file ${tokenAuthFile}`)
})
