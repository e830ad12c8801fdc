/** tkn's commands as processes against a real `tektite up`, in pipes and in a real terminal. */
import { type ChildProcess, execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT, tektite } from '../helpers/cli.js'
import { apply, callApi, doneRun, engineOfFile, pathOf, startEngine, waitUntil } from '../helpers/engine.js'
import { freePort } from '../helpers/free-port.js'

const MANIFESTS = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: greet, namespace: default }
spec:
  description: "says hello \\e[31min red"
  params: [{ name: who }, { name: how, default: Hello, enum: [Hello, Hi] }]
  steps:
    - { name: say, image: none, script: 'echo "$(params.how), $(params.who)!"' }
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: build, namespace: default }
spec:
  params:
    - { name: who, description: whom to greet }
    - { name: flags, type: array, default: [a, b] }
    - { name: image, type: object, properties: { url: { type: string } }, default: { url: x } }
  workspaces: [{ name: source }, { name: cache, optional: true }]
  tasks:
    - { name: hello, taskRef: { name: greet }, params: [{ name: who, value: $(params.who) }] }
    - name: flaky
      retries: 1
      runAfter: [hello]
      taskSpec:
        steps: [{ name: try, image: none, script: 'echo try $(context.task.retry-count); test $(context.task.retry-count) = 1' }]
    - name: escapes
      runAfter: [hello]
      taskSpec:
        steps: [{ name: bar, image: none, script: 'printf "10%%\\\\r\\\\033[2K100%%\\\\n\\\\033[32mgreen\\\\033[0m\\\\033]0;title\\\\007 \\\\033[2Jdone\\\\n"' }]
  finally:
    - { name: bye, taskSpec: { steps: [{ name: bye, image: none, script: 'echo bye' }] } }
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: broken, namespace: default }
spec:
  tasks:
    - { name: fine, taskSpec: { steps: [{ name: ok, image: none, script: echo fine }] } }
    - { name: fails, taskSpec: { steps: [{ name: bad, image: none, script: 'echo oh no; exit 3' }] } }
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: long, namespace: default }
spec:
  tasks: [{ name: waits, taskSpec: { steps: [{ name: wait, image: none, script: 'echo begun; sleep 600' }] } }]
  finally: [{ name: last, taskSpec: { steps: [{ name: say, image: none, script: echo last }] } }]
`
const engine = engineOfFile('tkn', MANIFESTS)
const cli = (...args: readonly string[]) => tektite([...args, '--data', engine.data])
const START = ['p', 'start', 'build', '-p', 'who=Bob', '-w', 'name=source,emptyDir='] as const

const ESC = String.fromCharCode(27)
const COLOUR = new RegExp(`${ESC}\\[\\d+m`, 'g')

/** In a real terminal: what is on the screen, and the exit code. */
function inTerminal(
  columns: number,
  answers: readonly (readonly [string, string])[],
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly screen: string }> {
  const helper = join(ROOT, 'test/helpers/terminal.py')
  const command = [process.execPath, join(ROOT, 'bin/tektite.js'), ...args, '--data', engine.data]
  const { NO_COLOR: _, ...env } = process.env
  return new Promise(resolve => {
    execFile('python3', [helper, `${columns}`, JSON.stringify(answers), ...command], { env }, (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, screen: stdout })
    })
  })
}

test('a pipeline is started and followed over retries and finally tasks to its end, without a control character', async () => {
  const { code, stdout, stderr } = await cli(...START, '--showlog', '-E')
  expect([code, stderr]).toEqual([0, ''])
  const said = stdout.split('\n').filter(line => line !== '')
  expect(said[0]).toMatch(/^PipelineRun started: build-run-\w{5}$/)
  expect(said.slice(1, 2)).toEqual(['[hello : say] Hello, Bob!'])
  expect(said.filter(line => line.startsWith('[flaky'))).toEqual(['[flaky : try] try 0', '[flaky : try] try 1'])
  // A progress bar is told as lines, colours and all that a terminal would obey are left out.
  expect(said.filter(line => line.startsWith('[escapes'))).toEqual([
    '[escapes : bar] 10%',
    '[escapes : bar] 100%',
    '[escapes : bar] green done',
  ])
  expect(said.at(-1)).toBe('[bye : bye] bye')
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})

test('what is missing is told all at once, each with the flag that gives it', async () => {
  const { code, stdout, stderr } = await cli('pipeline', 'start', 'build', '-p', 'wo=x')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toBe(`error: Pipeline "build" cannot be started:
  it has no param "wo"; it has: who, flags, image
  param "who" (whom to greet): give it with --param who=…
  workspace "source": give it with --workspace name=source,emptyDir= or claimName=…
`)
})

test('a dry run prints what would be created, from flags and a params file, and creates nothing', async () => {
  const file = join(engine.folder, 'params.yaml')
  writeFileSync(file, 'who: {"not": "this"}\nflags: [x, 1]\nimage: { url: u }\n')
  const flags = ['--params-file', file, '-w', 'name=cache,claimName=c,subPath=s', '-s', 'bot', '-l', 'a=b,c=d']
  const more = [
    '--task-serviceaccount',
    'hello=other',
    '--pipeline-timeout',
    '5m',
    '--prefix-name',
    'mine',
    '--dry-run',
  ]
  const { code, stdout, stderr } = await cli(...START, ...flags, ...more)
  expect([code, stderr]).toEqual([0, ''])
  expect(parse(stdout)).toEqual({
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { namespace: 'default', generateName: 'mine-', labels: { a: 'b', c: 'd' } },
    spec: {
      pipelineRef: { name: 'build' },
      params: [
        { name: 'who', value: 'Bob' },
        { name: 'flags', value: ['x', '1'] },
        { name: 'image', value: { url: 'u' } },
      ],
      workspaces: [
        { name: 'source', emptyDir: {} },
        { name: 'cache', subPath: 's', persistentVolumeClaim: { claimName: 'c' } },
      ],
      taskRunTemplate: { serviceAccountName: 'bot' },
      timeouts: { pipeline: '5m' },
      taskRunSpecs: [{ pipelineTaskName: 'hello', serviceAccountName: 'other' }],
    },
  })
  expect((await cli('pr', 'ls', '-o', 'name')).stdout).not.toContain('mine-')
})

test('a person is asked for what is missing, and Ctrl-C starts nothing', async () => {
  const answers = [
    ['param "who"', 'Ann\r'],
    ['param "flags"', 'x, y\r'],
    ['key "url"', '\r'],
    ['What is workspace "source"', ''],
    ['1-4', '1\r'],
    ['optional workspace "cache"', 'n\r'],
    ['Service account', '\r'],
  ] as const
  const { code, screen } = await inTerminal(80, answers, 'pipeline', 'start', 'build', '-o', 'json')
  expect(code).toBe(0)
  const created = JSON.parse(screen.slice(screen.indexOf('\n{')))
  expect(created.spec).toMatchObject({
    params: [
      { name: 'who', value: 'Ann' },
      { name: 'flags', value: ['x', 'y'] },
    ],
    workspaces: [{ name: 'source', emptyDir: {} }],
  })
  const choices = [
    ['param "who"', 'Eve\r'],
    ['1-2', '2\r'],
    ['Service account', '\r'],
  ] as const
  const task = await inTerminal(80, choices, 'task', 'start', 'greet', '--showlog')
  expect(task.screen).toContain('1) Hello\n  2) Hi\n')
  expect(task.screen).toContain('Hi, Eve!')
  const before = (await cli('pr', 'ls', '-o', 'name')).stdout
  const left = await inTerminal(80, [['param "who"', '\u0003']], 'pipeline', 'start', 'build')
  expect([left.code, left.screen]).toEqual([2, expect.stringContaining('not answered, so nothing was done')])
  expect((await cli('pr', 'ls', '-o', 'name')).stdout).toBe(before)
})

test('lists fit the terminal, and colours are for terminals', async () => {
  for (const columns of [80, 160]) {
    const { screen } = await inTerminal(columns, [], 'task', 'list')
    const lines = screen.replaceAll(COLOUR, '').split('\n')
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(columns)
    expect(screen).toContain('\u001b[2mNAME')
    expect(lines.join('\n')).toContain('\\x1b[31min red')
    expect((await inTerminal(columns, [], 'task', 'list', '--no-color')).screen).not.toContain(ESC)
  }
})

test('a run that failed says so; the last run, the failed part, the end of it and the steps are chosen', async () => {
  const started = await cli('pipeline', 'start', 'broken', '--showlog', '-E')
  expect(started.code).toBe(1)
  expect(started.stderr).toMatch(/^PipelineRun broken-run-\w{5} failed: Failed: Tasks Completed: 2/)
  const again = await cli('p', 'start', 'broken', '--last', '--showlog')
  expect(again.code).toBe(0)
  const logs = (...flags: readonly string[]) => cli('p', 'logs', 'broken', '--last', '--no-prefix', ...flags)
  expect((await logs('--log-failed')).stdout).toBe('oh no\n')
  expect((await logs('--step', 'ok')).stdout).toBe('fine\n')
  expect((await logs('--task', 'fails', '--timestamps')).stdout).toMatch(/^\d{4}-\d\d-\d\dT\S+Z oh no\n$/)
  expect((await logs('--tail', '0')).stdout).toBe('')
  const described = await cli('pr', 'describe', '--last')
  expect(described.stdout).toMatch(/\n NAME +TASK NAME +STARTED +DURATION +STATUS\n/)
  expect(described.stdout).toContain('Failed(StepFailed)')
})

test('logs outlive their Pod', async () => {
  const { stdout } = await cli('task', 'start', 'greet', '-p', 'who=Pod', '-o', 'name')
  const name = stdout.trim()
  await cli('tr', 'logs', name, '-f')
  expect((await callApi(engine, 'DELETE', `${pathOf('Pod', 'default')}/${name}-pod`)).status).toBe(200)
  await waitUntil('the Pod to go', async () => {
    return (await callApi(engine, 'GET', `${pathOf('Pod', 'default')}/${name}-pod`)).status === 404
  })
  expect(await cli('tr', 'logs', name)).toEqual({ code: 0, stdout: '[say] Hello, Pod!\n', stderr: '' })
})

test('a run is cancelled, with its finally tasks when asked for; what has ended is not', async () => {
  const { stdout } = await cli('p', 'start', 'long', '-o', 'name')
  const name = stdout.trim()
  await waitUntil('the step to begin', async () => (await cli('pr', 'logs', name)).stdout.includes('begun'))
  expect(await cli('pr', 'cancel', name, '--grace', 'CancelledRunFinally')).toEqual({
    code: 0,
    stdout: `PipelineRun cancelled: ${name}\n`,
    stderr: '',
  })
  expect((await doneRun(engine, name)).status?.conditions?.[0]).toMatchObject({ reason: 'Cancelled' })
  expect((await cli('pr', 'logs', name)).stdout).toContain('[last : say] last')
  expect((await cli('pr', 'list')).stdout).toMatch(new RegExp(`^${name} .* Cancelled$`, 'm'))
  const late = await cli('pr', 'cancel', name)
  expect([late.code, late.stderr]).toEqual([
    2,
    `error: PipelineRun "${name}" cannot be cancelled: it has ended (Cancelled)\n`,
  ])
})

test('an exported run is what its author would write: kubectl creates it again', async () => {
  const name = (await cli('p', 'start', 'broken', '-o', 'name')).stdout.trim()
  const { stdout } = await cli('pr', 'export', name)
  const object = parse(stdout)
  expect(Object.keys(object)).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  expect(object.metadata).toEqual({ generateName: 'broken-run-', namespace: 'default' })
  const created = await callApi(engine, 'POST', pathOf('PipelineRun', 'default'), object)
  expect(created.status).toBe(201)
  await doneRun(engine, (created.body['metadata'] as { name: string }).name)
})

test('deleting asks, keeps the newest, and takes the runs of a pipeline along', async () => {
  const refused = await cli('pr', 'delete', '--all')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/There is no terminal to ask on: say --force/)
  const names = async (of: string) =>
    (await cli('pr', 'ls', of, '-o', 'jsonpath={range .items[*]}{.metadata.name} {end}')).stdout
  const before = (await names('broken')).trim().split(' ')
  expect(before.length).toBeGreaterThan(2)
  await Promise.all(before.map(name => doneRun(engine, name)))
  expect((await cli('pr', 'rm', '-p', 'broken', '--keep', '2', '-f')).code).toBe(0)
  expect((await names('broken')).trim().split(' ')).toEqual(before.slice(0, 2))
  const asked = await inTerminal(80, [['(y/n)', 'y\r']], 'p', 'delete', 'broken', '--prs')
  expect(asked.screen).toContain('Delete 1 Pipeline and 2 PipelineRuns')
  expect([await names('broken'), (await cli('p', 'desc', 'broken')).stderr]).toEqual([
    '',
    expect.stringContaining('Pipeline "broken" is not in namespace "default"'),
  ])
  expect((await cli('p', 'delete', 'broken', '-f')).code).toBe(1)
})

test('where an engine runs in .tektite it is asked; a kubeconfig that leads elsewhere is said', async () => {
  const folder = join(engine.folder, 'work')
  mkdirSync(folder)
  symlinkSync(engine.data, join(folder, '.tektite'))
  const env = { KUBECONFIG: join(engine.folder, 'other') }
  const both = await tektite(['task', 'list'], { cwd: folder, env })
  expect([both.code, both.stdout]).toEqual([0, expect.stringContaining('greet')])
  expect(both.stderr).toMatch(/^note: asking the engine of ".tektite"; for the cluster of .*other say --context/)
  const own = await tektite(['task', 'list'], { cwd: folder, env: { KUBECONFIG: '.tektite/kubeconfig' } })
  expect([own.code, own.stderr]).toEqual([0, ''])
  const cluster = await tektite(['t', 'ls', '-A', '-k', join(engine.data, 'kubeconfig')], { cwd: engine.folder })
  expect([cluster.code, cluster.stdout]).toEqual([0, expect.stringMatching(/^NAMESPACE .*\ndefault +greet/)])
})

test.each([
  ['an unknown command', ['pipline', 'list'], /unknown command 'pipline'\n\(Did you mean pipeline\?\)/],
  ['an unknown verb', ['pipeline', 'strat'], /unknown command 'strat'\n\(Did you mean start\?\)/],
  ['an unknown flag', ['pipeline', 'list', '--limt', '1'], /unknown option '--limt'/],
  ['a wrong output', ['pipeline', 'list', '-o', 'xml'], /It must be one of json, yaml, name, jsonpath=TEMPLATE/],
  ['a wrong workspace', ['p', 'start', 'x', '-w', 'name=a'], /workspace "a" needs one thing to be bound to/],
  ['several places', ['pr', 'list', '--data', 'x', '-c', 'y'], /--context and --data name different API servers/],
])('%s says what may be given', async (_, args, message) => {
  const { code, stdout, stderr } = await tektite(args)
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)])
})

test('the version', async () => {
  expect((await tektite(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('following survives an engine that is killed and started anew; Ctrl-C ends it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tektite-follow-'))
  const data = join(folder, 'data')
  // The address has to stay.
  const flags = ['--port', `${await freePort()}`]
  const first = await startEngine(data, {}, flags)
  await apply(first, GATED(folder))
  let said = ''
  const following = tektite(['pr', 'logs', 'gated', '-f', '-E', '--data', data], {
    started: child => child.stdout?.on('data', text => (said += text)),
  })
  await waitUntil('the first line', () => said.includes('before'))
  await first.end('SIGKILL')
  const second = await startEngine(data, {}, flags)
  writeFileSync(join(folder, 'gate'), '')
  const { code, stdout, stderr } = await following
  expect([code, stdout, stderr]).toEqual([0, '[waits : wait] before\n[waits : wait] after\n', ''])
  await apply(second, GATED(folder).replace('name: gated', 'name: endless').replaceAll('/gate', '/never'))
  let child: ChildProcess | undefined
  let heard = ''
  const left = tektite(['pr', 'logs', 'endless', '-f', '--data', data], {
    started: started => {
      child = started
      started.stdout?.on('data', text => (heard += text))
    },
  })
  await waitUntil('the first line', () => heard.includes('before'))
  child?.kill('SIGINT')
  expect((await left).code).toBe(130)
  expect((await tektite(['pr', 'cancel', 'endless', '--data', data])).code).toBe(0)
  await doneRun(second, 'endless')
  expect(await second.end('SIGTERM')).toBe(0)
  rmSync(folder, { recursive: true, force: true })
}, 120_000)

const GATED = (folder: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: gated, namespace: default }
spec:
  pipelineSpec:
    tasks:
      - name: waits
        taskSpec:
          steps:
            - { name: wait, image: none, script: 'echo before; while ! test -e ${folder}/gate; do sleep 0.1; done; echo after' }
`
