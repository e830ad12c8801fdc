/**
 * The two halves of the contract against each other: what entrypointArgs() makes is what the binary understands, and
 * what README.md lists is what both know.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EntrypointOptions, entrypointArgs, terminationByteLimit } from '../../src/pod/entrypoint-args.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { internalValue, publicMessage } from '../../src/status/termination-message.js'
import { type Room, roomForEach } from './room.js'

const README = readFileSync(join(import.meta.dirname, '../../entrypoint/README.md'), 'utf8')
const room = roomForEach('release')

test('every option becomes the flag that the binary and the README know, and no flag is left over', async () => {
  const args = entrypointArgs(everything(room()))
  const made = new Set(args.slice(0, args.indexOf('--')).filter(arg => /^-[a-z_]+$/.test(arg)))
  const documented = new Set([...README.matchAll(/^\| `(-[a-z_]+)/gm)].map(([, flag]) => flag))
  expect([...made].sort()).toEqual([...documented].sort())
  expect(made.size).toBe(33)

  for (const flag of made) {
    // A flag that is known complains of its value, or of what is missing behind it.
    const { stderr, code } = await room().startWith([flag]).done
    expect(code).toBe(2)
    expect(stderr).not.toMatch(/unknown flag/)
  }
})

test('a step with everything runs as told', async () => {
  mkdirSync(room().path('results'))
  room().write('downward/ready', 'READY')
  room().write('steps/step-before/results/which', 'that')
  room().write('steps/step-before/artifacts/provenance.json', '{"outputs":[{"name":"image","values":[{"uri":"u"}]}]}')
  mkdirSync(room().path('artifacts'))
  room().write('secrets/login/username', 'me')
  room().write('secrets/login/password', 'secret')
  room().write('secrets/key/ssh-privatekey', 'a key\n')
  room().write('secrets/config/.dockerconfigjson', '{"auths":{"b.example":{"auth":"Yg=="}}}')
  room().write('secrets/cfg/.dockercfg', '{"a.example":{"auth":"YQ=="}}')
  const noBreakpoints = { breakpointOnFailure: false, debugBeforeStep: false }
  const step = room().start({ ...everything(room()), ...noBreakpoints }, { env: { HOME: room().path('home') } })
  expect(await step.done).toEqual({
    code: 0,
    signal: null,
    stdout: 'that in work [{"uri":"u"}]\n',
    stderr: 'careful\n',
  })

  expect(room().files('run')).toEqual(['0/out'])
  expect(room().files('home')).toEqual(room().files('creds'))
  expect(room().read('steps/step-a/exitCode')).toBe('6')
  expect(room().read('work/copies/out')).toBe('that in work [{"uri":"u"}]\n')
  expect(room().read('copies/err')).toBe('careful\n')
  const entries = room().message()
  expect(internalValue(entries, 'ExitCode')).toBe('6')
  expect(internalValue(entries, 'Reason')).toBe('Continued')
  expect(publicMessage(entries)).toBe(
    '[{"key":"/tekton/artifacts/provenance.json","value":"{}","type":6},{"key":"digest","value":"sha256:1","type":1},{"key":"url","value":"http://x","type":4}]',
  )
})

test('nothing but a command is nothing but a command', () => {
  expect(entrypointArgs({ command: ['a', '--', '-b'] })).toEqual(['--', 'a', '--', '-b'])
})

test('a fraction of a millisecond does not become "no timeout"', () => {
  expect(entrypointArgs({ timeoutMs: 0.5, graceMs: 1.2, command: ['a'] })).toEqual([
    '-timeout_ms',
    '1',
    '-grace_ms',
    '2',
    '--',
    'a',
  ])
})

const { kubelet, flags } = DEFAULT_SETTINGS

test.each([
  [0, 4096],
  [1, 4096],
  [3, 4096],
  [4, 3072],
  [5, 2457],
  [48, 256],
])('in a Pod of %i containers a message has %i bytes', (containers, bytes) => {
  expect(terminationByteLimit(containers, DEFAULT_SETTINGS)).toBe(bytes)
})

const ours = { containerMessageBytes: 2 ** 20, podMessageBytes: 2 ** 20 }
test.each([
  ['as much as our kubelet carries, when nobody says otherwise', ours, 2 ** 20, 1, 2 ** 20],
  ['its equal part', ours, 2 ** 20, 4, 2 ** 18],
  ['what max-result-size allows', ours, 10_000, 1, 10_000],
  ['not less than what Tekton’s steps always have', ours, 100, 1, 4096],
  ['what Kubernetes passes on, whatever max-result-size allows', kubelet, 10_000, 3, 4096],
])('the limit of a message is %s', (_, limits, maxResultSize, containers, bytes) => {
  const settings = { kubelet: limits, flags: { ...flags, maxResultSize } }
  expect(terminationByteLimit(containers, settings)).toBe(bytes)
})

test('with sidecar-logs max-result-size is about each result, and says nothing of the message', () => {
  const settings = { kubelet: ours, flags: { ...flags, resultsFrom: 'sidecar-logs', maxResultSize: 100 } } as const
  expect(terminationByteLimit(2, settings)).toBe(2 ** 19)
})

test('the smallest limit that a Pod of 48 containers leads to is accepted', async () => {
  const options = {
    terminationPath: room().path('termination'),
    maxTerminationBytes: terminationByteLimit(48, DEFAULT_SETTINGS),
    command: ['true'],
  }
  expect(await room().run(options)).toMatchObject({ code: 0, stderr: '' })
})

/** Each field with a value that shows. */
function everything(where: Room): Required<EntrypointOptions> {
  return {
    waitFile: where.path('downward/ready'),
    waitForContent: true,
    cancelFile: where.path('downward/cancel'),
    postFile: where.path('run/0/out'),
    stepMetadataDir: where.path('steps/step-a'),
    stepsDir: where.path('steps'),
    workingDir: where.path('work'),
    stdoutPath: 'copies/out',
    stderrPath: where.path('copies/err'),
    onError: 'continue',
    timeoutMs: 20_000,
    graceMs: 500,
    terminationPath: where.path('termination'),
    maxTerminationBytes: 2000,
    maxResultBytes: 1000,
    taskArtifacts: where.path('artifacts/provenance.json'),
    replaceScript: true,
    taskResults: [{ name: 'digest', path: where.path('results/digest') }],
    stepResults: [{ name: 'url', path: where.path('steps/step-a/results/url') }],
    when: [
      { input: '$(steps.before.results.which)', operator: 'in', values: ['this', 'that'] },
      { input: 'a', operator: 'notin', values: ['b'] },
      { input: 'c', operator: 'in', values: ['d'], alternative: true },
      { input: 'e', operator: 'notin', values: ['f'], alternative: true },
    ],
    credsDir: where.path('creds'),
    credentials: [
      { kind: 'basic_git', secretFolder: where.path('secrets/login'), url: 'https://git.example' },
      { kind: 'ssh_git', secretFolder: where.path('secrets/key'), url: 'git.example' },
      { kind: 'basic_docker', secretFolder: where.path('secrets/login'), url: 'registry.example' },
      { kind: 'docker_config', secretFolder: where.path('secrets/config') },
      { kind: 'docker_cfg', secretFolder: where.path('secrets/cfg') },
    ],
    breakpointOnFailure: true,
    debugBeforeStep: true,
    hermetic: true,
    command: [
      where.write(
        'scripts/script-0',
        `#!/bin/sh
printf sha256:1 > ../results/digest; printf http://x > ../steps/step-a/results/url
printf {} > ../artifacts/provenance.json
echo "$1 in \${PWD##*/}" '$(steps.before.outputs.image)'; echo careful >&2; exit 6
`,
        0o755,
      ),
      '$(steps.before.results.which)',
    ],
  }
}
