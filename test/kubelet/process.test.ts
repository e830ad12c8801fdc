import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProcessRuntime, type Isolation, type ProcessRuntime } from '../../src/kubelet/process.js'
import { exited, output, podRuntimeContract, sh, volume } from '../contract/pod-runtime.js'
import { builtShim } from './built-shim.js'
import { mountsMentioning, processesMentioning } from './processes.js'
import { until } from './until.js'

const shimPath = builtShim()
let root: string
let hostBefore: readonly string[]
const runtimes: ProcessRuntime[] = []

function runtimeIn(isolation: Isolation): ProcessRuntime {
  const runtime = createProcessRuntime({ rootDir: join(root, isolation), shimPath, isolation })
  runtimes.push(runtime)
  return runtime
}

beforeAll(async () => {
  hostBefore = [...(await readdir('/')), ...(await readdir('/var')), ...(await readdir('/dev'))]
  root = await mkdtemp(join(tmpdir(), 'tektite-process-'))
})

afterAll(async () => {
  for (const runtime of runtimes) await runtime.close()
  expect(await readdir(join(root, 'namespace'))).toEqual([])
  expect(await readdir(join(root, 'rewrite'))).toEqual([])
  expect(processesMentioning(root)).toEqual([])
  expect(mountsMentioning(root)).toEqual([])
  expect([...(await readdir('/')), ...(await readdir('/var')), ...(await readdir('/dev'))]).toEqual(hostBefore)
  await rm(root, { recursive: true })
})

for (const isolation of ['namespace', 'rewrite'] as const) {
  let first: ProcessRuntime | undefined
  podRuntimeContract(`process ${isolation}`, () => {
    first ??= runtimeIn(isolation)
    return { runtime: first, volumes: join(root, `${isolation}-volumes`), restarted: () => runtimeIn(isolation) }
  })
}

test('auto finds out what this machine can do', async () => {
  const runtime = createProcessRuntime({ rootDir: join(root, 'namespace'), shimPath, isolation: 'auto' })
  runtimes.push(runtime)
  await runtime.check()
  expect(await runtime.isolation()).toBe('namespace')
  expect(runtime.ignoresImages).toBe(true)
})

test('a shim that is not there is said by name', async () => {
  const runtime = createProcessRuntime({
    rootDir: join(root, 'namespace'),
    shimPath: '/no/such/shim',
    isolation: 'auto',
  })
  await expect(runtime.check()).rejects.toThrow('/no/such/shim does not run on this machine')
})

test('a mount point that the machine lacks is made without touching the machine', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'shadow', namespace: 'ci', name: 'shadow' })
  const secret = await volume(join(root, 'namespace-volumes'), 'secret', '/var/tektite-secret/deep')
  await writeFile(join(secret.hostPath, 'password'), 'hush')
  const script = 'cat /var/tektite-secret/deep/password; ls -d /var/lib /usr/bin /proc/self; pwd'
  await runtime.startContainer(sandbox, sh('step', script, { mounts: [secret], workingDir: '/opt/tektite/work' }))
  await exited(runtime, sandbox, 'step')
  expect(await output(runtime, sandbox, 'step')).toBe('hush/proc/self\n/usr/bin\n/var/lib\n/opt/tektite/work\n')
  expect(existsSync('/var/tektite-secret')).toBe(false)
  expect(existsSync('/opt/tektite')).toBe(false)
  await runtime.removePod(sandbox)
})

test('a read-only mount refuses writes, also from root', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'read-only', namespace: 'ci', name: 'read-only' })
  const mount = { ...(await volume(join(root, 'namespace-volumes'), 'ro', '/workspace/ro')), readOnly: true }
  const inner = await volume(join(root, 'namespace-volumes'), 'rw', '/workspace/ro/inner')
  const script = 'touch /workspace/ro/x || echo refused; touch /workspace/ro/inner/y && echo taken'
  await runtime.startContainer(sandbox, sh('step', script, { mounts: [mount, inner] }))
  await exited(runtime, sandbox, 'step')
  expect(await output(runtime, sandbox, 'step')).toMatch(/refused\ntaken\n$/)
  await runtime.removePod(sandbox)
})

test('a read-only root refuses writes to all but the volumes', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'read-only-root', namespace: 'ci', name: 'read-only-root' })
  const mount = await volume(join(root, 'namespace-volumes'), 'beside-ro', '/workspace')
  const script = `touch /usr/x ${root}/x /x 2>/dev/null && echo written; touch /workspace/y && echo taken > /dev/stderr`
  const config = sh('step', script, { mounts: [mount], securityContext: { readOnlyRootFilesystem: true } })
  await runtime.startContainer(sandbox, config)
  await exited(runtime, sandbox, 'step')
  expect(await output(runtime, sandbox, 'step')).toBe('taken\n')
  expect(existsSync(join(root, 'x'))).toBe(false)
  await runtime.removePod(sandbox)
})

test('a link in a volume leads nowhere outside of the container', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'link', namespace: 'ci', name: 'link' })
  const outer = await volume(join(root, 'namespace-volumes'), 'linked', '/workspace')
  await symlink('../../../../../../srv', join(outer.hostPath, 'sub'))
  const inner = await volume(join(root, 'namespace-volumes'), 'inner-of-linked', '/workspace/sub/tektite')
  await runtime.startContainer(sandbox, sh('step', 'touch /srv/tektite/made', { mounts: [outer, inner] }))
  expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 0 })
  expect(existsSync(join(inner.hostPath, 'made'))).toBe(true)
  expect(existsSync('/srv/tektite')).toBe(false)
  await runtime.removePod(sandbox)
})

test('a container runs as the user it asks for and can still log and leave last words', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root may run a container as another user')
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'user', namespace: 'ci', name: 'user' })
  const script = 'id -u; id -g; echo again > /dev/stderr; printf said > /tekton/termination'
  const config = sh('step', script, { terminationMessagePath: '/tekton/termination' })
  await runtime.startContainer(sandbox, { ...config, runAsUser: 1234, runAsGroup: 2345 })
  expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 0, message: 'said' })
  expect(await output(runtime, sandbox, 'step')).toBe('1234\n2345\nagain\n')
  await runtime.removePod(sandbox)
})

test('a container whose shim was killed is unknown, and its process is dead', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'killed-shim', namespace: 'ci', name: 'killed-shim' })
  await runtime.startContainer(sandbox, sh('step', 'echo up; exec sleep 4801', { env: { MARK: 'MARK_killed_shim' } }))
  await until('the step is up', async () => (await output(runtime, sandbox, 'step')).includes('up'))
  const pid = Number((await readFile(join(sandbox.rootDir, 'containers/step/pid'), 'utf8')).split(' ')[0])
  process.kill(pid, 'SIGKILL')
  expect(await exited(runtime, sandbox, 'step')).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' })
  await until('the process is gone', () => processesMentioning('MARK_killed_shim').length === 0)
  await runtime.removePod(sandbox)
})

test('containers outlive a killed shim server, and a new one takes over', async () => {
  const runtime = runtimeIn('namespace')
  const sandbox = await runtime.createPod({ uid: 'killed-server', namespace: 'ci', name: 'killed-server' })
  const go = await volume(join(root, 'namespace-volumes'), 'killed-server-go')
  await runtime.startContainer(
    sandbox,
    sh('one', 'echo up; until [ -e /data/go ]; do sleep 0.01; done; exit 8', { mounts: [go] }),
  )
  await until('it is up', async () => (await output(runtime, sandbox, 'one')).includes('up'))
  const shim = Number((await readFile(join(sandbox.rootDir, 'containers/one/pid'), 'utf8')).split(' ')[0])
  const parent = Number(/^PPid:\s+(\d+)$/m.exec(await readFile(`/proc/${shim}/status`, 'utf8'))?.[1])
  process.kill(parent, 'SIGKILL')
  await until('the server is gone', () => !existsSync(`/proc/${parent}`))
  await writeFile(join(go.hostPath, 'go'), '')
  expect(await exited(runtime, sandbox, 'one')).toMatchObject({ exitCode: 8 })
  await runtime.startContainer(sandbox, sh('two', 'exit 9'))
  expect(await exited(runtime, sandbox, 'two')).toMatchObject({ exitCode: 9 })
  await runtime.removePod(sandbox)
})

test('a folder that a step made unreadable is removed with its pod', async () => {
  const runtime = runtimeIn('rewrite')
  const sandbox = await runtime.createPod({ uid: 'locked', namespace: 'ci', name: 'locked' })
  const locked = await volume(join(sandbox.rootDir, 'volumes'), 'locked')
  await writeFile(join(locked.hostPath, 'file'), '')
  await symlink('/etc', join(locked.hostPath, 'etc'))
  await chmod(locked.hostPath, 0)
  await runtime.removePod(sandbox)
  expect(existsSync(sandbox.rootDir)).toBe(false)
  expect(existsSync('/etc/passwd')).toBe(true)
})
