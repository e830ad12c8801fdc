import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imageShell } from '../../src/kubelet/image-shell.js'
import { createProcessRuntime, type Isolation } from '../../src/kubelet/process.js'
import { createShells } from '../../src/kubelet/shells.js'
import { exited, output } from '../contract/pod-runtime.js'
import { builtShim } from './built-shim.js'

let root: string
/** A stand-in for BusyBox, which a test machine may lack: it answers to the names it lists. */
const BUSYBOX = `#!/bin/bash
case "\${0##*/}" in
  busybox) printf 'sh\\nash\\ntektite-applet\\n../bad\\nls\\n' ;;
  sh | ash) exec bash --posix "$@" ;;
  *) echo "applet \${0##*/}" ;;
esac
`

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'tektite-shells-')))
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'bin/busybox'), BUSYBOX)
  chmodSync(join(root, 'bin/busybox'), 0o755)
})

afterAll(() => {
  rmSync(root, { recursive: true })
})

test.each([
  ['mirror.gcr.io/alpine', 'busybox'],
  ['mirror.gcr.io/alpine@sha256:25109184', 'busybox'],
  ['docker.io/library/busybox:1.36', 'busybox'],
  ['cgr.dev/chainguard/busybox@sha256:6202', 'busybox'],
  ['mirror.gcr.io/bash', 'busybox-only'],
  ['mirror.gcr.io/node:lts-alpine3.20', 'busybox'],
  ['alpine/git:v2', 'busybox'],
  ['ubuntu', 'dash'],
  ['mirror.gcr.io/library/python', 'dash'],
  ['python:3.12-slim', 'dash'],
  ['registry.access.redhat.com/ubi9/ubi-minimal:latest', 'bash'],
  ['quay.io/fedora/fedora:40', 'bash'],
  ['example.com/ours/tool:1', undefined],
  ['', undefined],
])('the shell of image %j is %s', (image, shell) => {
  expect(imageShell(image)).toBe(shell)
})

async function run(isolation: Isolation, image: string, script: string, path: string): Promise<string> {
  // The kernel's list of layers has its own use for a comma and a colon; a PATH could not hold the colon.
  const shells = createShells({ dir: join(root, isolation === 'namespace' ? 'shells,:\\' : 'shells'), path })
  const runtime = createProcessRuntime({ rootDir: join(root, 'pods'), shimPath: builtShim(), isolation, shells })
  try {
    const sandbox = await runtime.createPod({ uid: 'shell', namespace: 'ci', name: 'shell' })
    const file = join(sandbox.rootDir, 'script')
    writeFileSync(file, script, { mode: 0o755 })
    const container = { name: 'step', image, command: [file] }
    await runtime.startContainer(sandbox, { container, env: { PATH: '/usr/bin:/bin' }, mounts: [] })
    const { exitCode } = await exited(runtime, sandbox, 'step')
    const text = await output(runtime, sandbox, 'step')
    await runtime.removePod(sandbox)
    return `${text}exit ${exitCode}`
  } finally {
    await runtime.close()
  }
}

/** A PATH without BusyBox, which some test machines have. */
function onlyBash(): string {
  const folder = join(root, 'only-bash')
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length === 0) symlinkSync('/bin/bash', join(folder, 'bash'))
  return folder
}

test('a script for Alpine has a shell that compares with ==, and programs that the machine lacks', async () => {
  const path = `${join(root, 'bin')}:/usr/bin:/bin`
  const script = '#!/bin/sh\n[ a == a ] && ash -c "echo two" && tektite-applet && ls -d /'
  expect(await run('namespace', 'alpine:3', script, path)).toBe('two\napplet tektite-applet\n/\nexit 0')
  expect(await run('namespace', 'alpine:3', '#!/bin/ash\n[[ a == a ]] && echo three', path)).toBe('three\nexit 0')
  // Nothing of it is on the machine.
  expect(readdirSync(realpathSync('/bin'))).not.toContain('tektite-applet')
})

test('without BusyBox, Bash stands in', async () => {
  const script = '#!/usr/bin/env ash\n[[ a == a ]] && echo "${BASH_VERSION:+bash}"'
  expect(await run('namespace', 'alpine', script, onlyBash())).toBe('bash\nexit 0')
})

test('for the bash image nothing stands in for BusyBox', async () => {
  const shells = createShells({ dir: join(root, 'none'), path: onlyBash() })
  expect(shells.layersFor('bash:5')).toBeUndefined()
  const script = '#!/bin/sh\n[ a == a ] && echo "${BASH_VERSION:+bash}"'
  expect(await run('namespace', 'bash:5', script, join(root, 'bin'))).toBe('bash\nexit 0')
})

test('where paths are rewritten, the shell is found by its name', async () => {
  const script = '#!/usr/bin/env sh\n[ a == a ] && ash -c "echo two" && tektite-applet'
  const path = `${join(root, 'bin')}:/usr/bin:/bin`
  expect(await run('rewrite', 'alpine', script, path)).toBe('two\napplet tektite-applet\nexit 0')
})

test("an image that is not known has the machine's own programs", () => {
  const shells = createShells({ dir: join(root, 'none'), path: '/usr/bin:/bin' })
  expect(shells.layersFor('example.com/tool')).toBeUndefined()
  expect(readdirSync(root)).not.toContain('none')
})

test('a machine without a shell that fits keeps its own', () => {
  expect(createShells({ dir: join(root, 'none'), path: '/nowhere:relative' }).layersFor('alpine')).toBeUndefined()
})

test('layers are made once, and only with names that cannot lead elsewhere', () => {
  const options = { dir: join(root, 'twice'), path: join(root, 'bin') }
  const first = createShells(options).layersFor('alpine')
  expect(createShells(options).layersFor('busybox')).toEqual(first)
  expect(readdirSync(options.dir)).toHaveLength(1)
  expect(readdirSync(first?.before ?? '').sort()).toEqual(['ash', 'sh'])
  expect(readdirSync(first?.behind ?? '')).toContain('tektite-applet')
  expect(readdirSync(first?.behind ?? '')).not.toContain('ls')
  expect(readlinkSync(join(first?.before ?? '', 'sh'))).toBe(join(root, 'bin/busybox'))
})
