/** Runs in a real store, told to a server that behaves as git hosts do: in order, once, newest first, over faults. */
import { expect, onTestFinished, test } from 'vitest'
import { type Cluster, isClusterError } from '../../src/cluster/cluster.js'
import type { Run } from '../../src/feedback/asked.js'
import { allowList, publicAddresses } from '../../src/fetch/addresses.js'
import { createGuard } from '../../src/fetch/guard.js'
import { createAppTokens } from '../../src/git-host/github-app.js'
import { sendReport } from '../../src/git-host/send-report.js'
import { GIT_REPORT_LABEL } from '../../src/resources/annotations.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { type GitFeedbackDeps, startGitFeedback } from '../../workers/git-feedback.js'
import { openCluster } from '../cluster/open-cluster.js'
import { json } from '../fetch/recorder.js'
import { type Protocol, SHA, serveGitHosts, TOKEN } from '../git-host/protocol.js'
import { seededRandom } from '../helpers/random.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from '../listeners/world.js'

const PAUSES = { settleMs: 20, intervalMs: 20, retry: { firstMs: 5, maxMs: 50 } }
const guard = createGuard(publicAddresses(allowList('127.0.0.1'), 'tests send to'))

const apps = createAppTokens(Date.now)

interface World {
  readonly cluster: Cluster
  readonly host: Protocol
  /** `Warning GitStatusNotSent: …` */
  readonly events: string[]
  readonly lines: readonly { readonly message: string }[]
  start(change?: Partial<GitFeedbackDeps>): { close(): Promise<void> }
  create(name: string, change?: RunChange): Promise<PipelineRun>
}

interface RunChange {
  readonly kind?: string
  readonly sha?: string
  readonly context?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

async function world(options: Parameters<typeof serveGitHosts>[0] = {}): Promise<World> {
  // Each look at the clock is a second later: runs have different times of creation.
  let clock = Date.parse('2026-01-01T00:00:00Z')
  const { cluster } = openCluster(temporaryDirectory('git-feedback'), { now: () => (clock += 1_000) })
  const host = await serveGitHosts(options)
  const events: string[] = []
  const { lines, log } = recordingLog()
  await secret(cluster, host.url)
  return {
    cluster,
    host,
    events,
    lines,
    start(change = {}) {
      const feedback = startGitFeedback({
        cluster,
        send: (place, report, before, signal) =>
          sendReport(place, report, before, { guard, signal, now: Date.now, apps }),
        tailOf: async () => '',
        record: (run, { type, reason, message }) => {
          events.push(`${run.metadata.name} ${type} ${reason}: ${message}`)
        },
        runUrl: 'https://ci.example/{namespace}/{name}',
        now: Date.now,
        log,
        pauses: PAUSES,
        ...change,
      })
      onTestFinished(() => feedback.close())
      return feedback
    },
    create(name, { kind = 'gitlab', sha = SHA, context = '', annotations = {}, labels = {} } = {}) {
      return cluster.create('PipelineRun', {
        apiVersion: 'tekton.dev/v1',
        kind: 'PipelineRun',
        metadata: {
          name,
          namespace: 'default',
          labels: { [GIT_REPORT_LABEL]: 'due', ...labels },
          annotations: {
            'tektite.dev/git-status': kind,
            'tektite.dev/git-repository': `${host.url}/org/repo`,
            'tektite.dev/git-sha': sha,
            'tektite.dev/git-token-secret': 'login',
            ...(context && { 'tektite.dev/git-context': context }),
            ...annotations,
          },
        },
        spec: { pipelineRef: { name: 'build' } },
      })
    },
  }
}

async function secret(cluster: Cluster, host: string, token = TOKEN): Promise<void> {
  await cluster.create('Secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', namespace: 'default', annotations: { 'tektite.dev/git-host': host } },
    stringData: { token },
  })
}

const ENDS = { True: 'Succeeded', False: 'Failed', Unknown: 'Running' } as const

/** As the reconciler does it: when somebody wrote first, it looks again. */
async function set(cluster: Cluster, name: string, status: keyof typeof ENDS, more: object = {}): Promise<void> {
  const run = await cluster.get('PipelineRun', { namespace: 'default', name })
  if (run === undefined) throw new Error(`no run ${name}`)
  const conditions = [{ type: 'Succeeded', status, reason: ENDS[status], message: '' }]
  const now = new Date().toISOString()
  const times = { startTime: now, ...(status !== 'Unknown' && { completionTime: now }) }
  try {
    await cluster.replaceStatus('PipelineRun', { ...run, status: { ...run.status, ...times, conditions, ...more } })
  } catch (error) {
    if (!isClusterError(error, 'Conflict')) throw error
    await set(cluster, name, status, more)
  }
}

async function labelOf(cluster: Cluster, name: string): Promise<string | undefined> {
  const run = await cluster.get('PipelineRun', { namespace: 'default', name })
  return run?.metadata.labels?.[GIT_REPORT_LABEL]
}

function labelled(cluster: Cluster, name: string, value: string): Promise<unknown> {
  return until(`${name} to be ${value}`, async () => (await labelOf(cluster, name)) === value)
}

const states = (host: Protocol): readonly string[] => host.shown.map(({ state }) => state)

test('a run is told as waiting, running and done; then its label says so, and no more is sent', async () => {
  const { cluster, host, events, start, create } = await world()
  start()
  await create('one')
  await until('pending', () => states(host).length === 1)
  await set(cluster, 'one', 'Unknown')
  await until('running', () => states(host).length === 2)
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'sent')
  expect(states(host)).toEqual(['pending', 'running', 'success'])
  expect(host.shown.at(-1)).toMatchObject({
    context: 'tektite/build',
    repository: 'org/repo',
    sha: SHA,
    url: 'https://ci.example/default/one',
  })
  // A touch of a run that is done wakes nobody.
  await set(cluster, 'one', 'True', { skippedTasks: [] })
  await create('two', { context: 'two' })
  await until('the other run', () => host.shown.some(({ context }) => context === 'two'))
  expect(host.requests).toHaveLength(4)
  expect(events).toEqual([])
})

test('two hundred quick runs are one request each', async () => {
  const { cluster, host, start, create } = await world({ shas: [] })
  start({ pauses: { ...PAUSES, settleMs: 60_000 } })
  const names = Array.from({ length: 200 }, (_, index) => `quick-${index}`)
  await Promise.all(
    names.map(async (name, index) => {
      await create(name, { sha: index.toString(16).padStart(40, '0') })
      await set(cluster, name, 'Unknown')
      await set(cluster, name, 'True')
    }),
  )
  for (const name of names) await labelled(cluster, name, 'sent')
  expect(host.requests).toHaveLength(200)
  expect(new Set(host.shown.map(({ sha, state }) => `${sha} ${state}`)).size).toBe(200)
  expect(states(host).every(state => state === 'success')).toBe(true)
})

test('states that pass while a request is under way are skipped: the next one is of what is true then', async () => {
  const { cluster, host, start, create } = await world()
  const held: (() => void)[] = []
  host.intercept = (_request, response) => {
    held.push(() => json({}, 201)(_request, response))
    return 'answered'
  }
  start()
  await create('one')
  await until('the first to be under way', () => held.length === 1)
  await set(cluster, 'one', 'Unknown')
  await set(cluster, 'one', 'False')
  expect(host.requests).toHaveLength(1)
  held[0]?.()
  await until('the second', () => held.length === 2)
  held[1]?.()
  await labelled(cluster, 'one', 'sent')
  expect(host.requests.map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual(['pending', 'failed'])
})

test('a rerun of the same commit and context speaks alone, whatever its predecessor comes to', async () => {
  const { cluster, host, start, create } = await world()
  start()
  await create('old')
  await set(cluster, 'old', 'Unknown')
  await until('old to be told', () => states(host).at(-1) === 'running')
  await create('new')
  await labelled(cluster, 'old', 'superseded')
  await set(cluster, 'new', 'True')
  await labelled(cluster, 'new', 'sent')
  await set(cluster, 'old', 'False')
  await create('other', { context: 'other' })
  await set(cluster, 'other', 'True')
  await labelled(cluster, 'other', 'sent')
  expect(host.shown.filter(({ context }) => context === 'tektite/build').at(-1)?.state).toBe('success')
  expect(states(host)).not.toContain('failed')
})

test('the newer of two speaks also when both have ended before anybody looked', async () => {
  const { cluster, host, start, create } = await world()
  // By name the newer one comes first.
  await create('z-older')
  await create('a-newer')
  await set(cluster, 'a-newer', 'True')
  await set(cluster, 'z-older', 'False')
  start()
  await labelled(cluster, 'a-newer', 'sent')
  await labelled(cluster, 'z-older', 'superseded')
  expect(states(host)).toEqual(['success'])
})

test('what a stopped process has not told, the next one tells, and nothing else', async () => {
  const { cluster, host, start, create } = await world()
  host.intercept = (request, response) => {
    // Takes it in, and dies before it answers.
    if (!request.body.includes('success')) return undefined
    response.destroy()
    return 'answered'
  }
  const first = start()
  await create('told', { context: 'told' })
  await set(cluster, 'told', 'False')
  await labelled(cluster, 'told', 'sent')
  await create('lost', { context: 'lost' })
  await set(cluster, 'lost', 'True')
  await until('the end to be tried', () => host.requests.some(({ body }) => body.includes('success')))
  await first.close()
  expect(await labelOf(cluster, 'lost')).toBe('due')
  host.intercept = undefined
  const before = host.requests.length
  start()
  await labelled(cluster, 'lost', 'sent')
  expect(host.shown.at(-1)).toMatchObject({ context: 'lost', state: 'success' })
  expect(host.requests).toHaveLength(before + 1)
})

test('a host that is busy is left alone for as long as it asks, with everything for the same login; others go on', async () => {
  const { cluster, host, events, start, create } = await world()
  const other = await serveGitHosts()
  await cluster.create('Secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'other', namespace: 'default', annotations: { 'tektite.dev/git-host': other.url } },
    stringData: { token: TOKEN },
  })
  let clock = 0
  host.intercept = (_request, response) => {
    if (clock >= 3_600) return undefined
    response.writeHead(429, { 'retry-after': '3600' }).end()
    return 'answered'
  }
  start({ now: () => Date.now() + clock * 1_000 })
  for (const name of ['a', 'b', 'c']) {
    await create(name, { context: name })
    await set(cluster, name, 'True')
    await until('the busy host to be asked', () => host.requests.length > 0)
  }
  await create('elsewhere', {
    annotations: { 'tektite.dev/git-repository': `${other.url}/org/repo`, 'tektite.dev/git-token-secret': 'other' },
  })
  await set(cluster, 'elsewhere', 'True')
  await labelled(cluster, 'elsewhere', 'sent')
  // One request learnt it; those that were planned meanwhile were held back.
  expect(host.requests.length).toBe(1)
  expect([await labelOf(cluster, 'a'), await labelOf(cluster, 'b'), await labelOf(cluster, 'c')]).toEqual([
    'due',
    'due',
    'due',
  ])
  clock = 3_600
  for (const name of ['a', 'b', 'c']) await set(cluster, name, 'True', { skippedTasks: [{ name: 'x', reason: 'y' }] })
  for (const name of ['a', 'b', 'c']) await labelled(cluster, name, 'sent')
  expect(host.shown.map(({ context }) => context).sort()).toEqual(['a', 'b', 'c'])
  expect(events).toEqual([])
})

test('a host that fails is tried again, and after some failures an Event says so', async () => {
  const { cluster, host, events, start, create } = await world()
  let failures = 0
  host.intercept = (request, response) => {
    if (failures === 6) return undefined
    failures += 1
    json({ message: 'oops' }, 502)(request, response)
    return 'answered'
  }
  start()
  await create('one')
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'sent')
  expect([host.requests.length, states(host)]).toEqual([7, ['success']])
  const at = new URL(host.url).host
  expect(events).toEqual([
    `one Warning GitStatusDelayed: ${at} answered 502, "oops" to a commit status; it is tried again`,
  ])
})

test('one repository that fails does not hold up others of the same login', async () => {
  const { cluster, host, start, create } = await world()
  host.intercept = (request, response) => {
    if (!request.line.includes('poison')) return undefined
    json({}, 500)(request, response)
    return 'answered'
  }
  start({ pauses: { ...PAUSES, retry: { firstMs: 60_000, maxMs: 60_000 } } })
  for (let index = 0; index < 50; index += 1) {
    const name = `poison-${index}`
    await create(name, { context: name, annotations: { 'tektite.dev/git-repository': `${host.url}/org/poison` } })
    await set(cluster, name, 'True')
  }
  await create('good')
  await set(cluster, 'good', 'True')
  await labelled(cluster, 'good', 'sent')
  expect(states(host)).toEqual(['success'])
})

test('a no to the end is the last word, with the reason and the way out in an Event; a no before is not', async () => {
  const { cluster, host, events, lines, start, create } = await world({ shas: [SHA] })
  start()
  const sha = 'b'.repeat(40)
  await create('bad', { sha, kind: 'github' })
  await until('a first no', () => events.length === 1)
  await set(cluster, 'bad', 'True')
  await labelled(cluster, 'bad', 'refused')
  const at = new URL(host.url).host
  expect(events).toEqual(
    Array.from(
      { length: 2 },
      () =>
        `bad Warning GitStatusNotSent: ${at} answered 422, "No commit found for SHA: ${sha}" to a commit status. Check tektite.dev/git-repository, tektite.dev/git-sha and what the token may do`,
    ),
  )
  expect(host.requests).toHaveLength(2)
  expect(JSON.stringify([events, lines])).not.toContain(TOKEN)
})

test('a Secret that is mended while the run goes on is enough for its end', async () => {
  const { cluster, host, events, start, create } = await world()
  await cluster.delete('Secret', { namespace: 'default', name: 'login' })
  start()
  await create('one')
  await until('the Secret to be missed', () => events.length === 1)
  expect(events[0]).toContain('Secret "default/login" does not exist')
  await secret(cluster, host.url)
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'sent')
  expect(states(host)).toEqual(['success'])
})

test('a repository of another host gets nothing, and an Event says why', async () => {
  const { cluster, host, events, start, create } = await world()
  const evil = await serveGitHosts()
  start()
  await create('one', { annotations: { 'tektite.dev/git-repository': `${evil.url}/org/repo` } })
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'refused')
  expect([host.requests, evil.requests]).toEqual([[], []])
  expect(events.at(-1)).toMatch(
    /^one Warning GitStatusNotSent: the repository is at 127\.0\.0\.1:\d+\/org\/repo, and the token in Secret "default\/login" is for 127\.0\.0\.1:\d+: nothing was sent/,
  )
})

test('annotations that ask for nothing sensible are refused at once', async () => {
  const { cluster, events, start, create } = await world()
  start()
  await create('one', { kind: 'sourcehut' })
  await labelled(cluster, 'one', 'refused')
  expect(events).toEqual([
    'one Warning GitStatusNotSent: annotation tektite.dev/git-status is "sourcehut": use one of github, github-check, gitlab, bitbucket, bitbucket-server, gitea',
  ])
})

test('a run that is deleted before its end is told as that', async () => {
  const { cluster, host, start, create } = await world()
  start()
  await create('one')
  await set(cluster, 'one', 'Unknown')
  await until('running', () => states(host).at(-1) === 'running')
  await cluster.delete('PipelineRun', { namespace: 'default', name: 'one' })
  await until('the last word', () => host.shown.some(({ description }) => description === 'Deleted before it ended'))
  expect(states(host).at(-1)).toBe('canceled')
})

test('runs without the label are not looked at', async () => {
  const { cluster, host, start, create } = await world()
  start()
  await create('not', { labels: { [GIT_REPORT_LABEL]: 'sent' } })
  await set(cluster, 'not', 'True')
  await create('one')
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'sent')
  expect(host.requests).toHaveLength(1)
})

test('what there is no room for in memory is told when there is', async () => {
  const { cluster, host, start, create } = await world()
  const names = Array.from({ length: 30 }, (_, index) => `run-${index}`)
  for (const name of names) {
    await create(name, { context: name })
    await set(cluster, name, 'True')
  }
  start({ maxDue: 4 })
  for (const name of names) await labelled(cluster, name, 'sent')
  expect(host.shown.map(({ context }) => context).sort()).toEqual([...names].sort())
})

test('a check run is one, from its beginning to its end, also over a restart; its page names what failed', async () => {
  const { cluster, host, events, start, create } = await world()
  const first = start()
  const run = await create('one', { kind: 'github-check', annotations: { 'tektite.dev/git-log-lines': '2' } })
  await set(cluster, 'one', 'Unknown')
  await until('the check run', () => host.checks.length === 1)
  await first.close()
  await failedTask(cluster, run)
  await set(cluster, 'one', 'False', {
    childReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'one-build', pipelineTaskName: 'build' }],
  })
  start({ tailOf: async (task, container) => `${task.metadata.name} ${container}\nline 2\nline 3\n` })
  await labelled(cluster, 'one', 'sent')
  expect(host.checks).toHaveLength(1)
  expect(host.checks[0]?.body).toMatchObject({
    status: 'completed',
    conclusion: 'failure',
    external_id: run.metadata.uid,
  })
  const output = host.checks[0]?.body['output'] as { title: string; summary: string }
  expect(output.title).toMatch(/^Failed after .*: build, step compile exited with 2$/)
  expect(output.summary).toContain('| build | **failed** |')
  expect(output.summary).toContain('```text\nline 2\nline 3\n```')
  expect(events).toEqual([])
})

async function failedTask(cluster: Cluster, { metadata: { name, uid } }: Run): Promise<void> {
  const task: TaskRun = await cluster.create('TaskRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: {
      name: `${name}-build`,
      namespace: 'default',
      ownerReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name, uid, controller: true }],
    },
    spec: {},
  })
  const step = { name: 'compile', container: 'step-compile', terminationReason: 'Error' }
  await cluster.replaceStatus('TaskRun', {
    ...task,
    status: {
      conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed', message: 'x' }],
      steps: [{ ...step, terminated: { exitCode: 2, reason: 'Error' } }] as never,
    },
  })
}

test('the check run of a run that a newer one took the place of does not stay open', async () => {
  const { cluster, host, start, create } = await world()
  start()
  await create('old', { kind: 'github-check' })
  await until('its check run', () => host.checks.length === 1)
  await create('new', { kind: 'github-check' })
  await set(cluster, 'new', 'True')
  await labelled(cluster, 'new', 'sent')
  expect(host.checks.map(({ body }) => [body['conclusion'], (body['output'] as { title: string }).title])).toEqual([
    ['cancelled', 'Superseded by new'],
    ['success', expect.stringContaining('Succeeded')],
  ])
})

test('a token that may write no check runs writes statuses, asks once, and an Event says so', async () => {
  const { cluster, host, events, start, create } = await world({ isApp: false })
  start()
  await create('one', { kind: 'github-check' })
  await until('the first status', () => states(host).length === 1)
  await set(cluster, 'one', 'False')
  await labelled(cluster, 'one', 'sent')
  expect(states(host)).toEqual(['pending', 'failure'])
  expect(host.requests.map(({ line }) => line.replace(SHA, 'SHA'))).toEqual([
    'POST /api/v3/repos/org/repo/check-runs',
    'POST /api/v3/repos/org/repo/statuses/SHA',
    'POST /api/v3/repos/org/repo/statuses/SHA',
  ])
  expect(events).toEqual([expect.stringMatching(/^one Warning GitStatusInsteadOfCheck: .*GitHub App.*write "github"/)])
})

test('a store that is away for a while loses nothing', async () => {
  const { cluster, host, start, create } = await world()
  let failures = 0
  const replace: Cluster['replace'] = async (kind, object) => {
    if (failures < 3) {
      failures += 1
      throw new Error('the store is away')
    }
    return cluster.replace(kind, object)
  }
  start({ cluster: { ...cluster, replace } })
  await create('one')
  await set(cluster, 'one', 'True')
  await labelled(cluster, 'one', 'sent')
  expect([failures, states(host)]).toEqual([3, ['success']])
})

test.each(Array.from({ length: 12 }, (_, seed) => seed))(
  'whatever the host does and whenever the process is replaced, the last word is of the newest run (seed %i)',
  async seed => {
    const random = seededRandom(seed + 1)
    const { cluster, host, start, create } = await world({ shas: [] })
    const targets = ['a', 'b', 'c']
    let faults = 0
    host.intercept = (_request, response) => {
      if (faults === 40 || random() < 0.4) return undefined
      faults += 1
      const fault = random()
      if (fault < 0.4) response.destroy()
      else if (fault < 0.7) json({}, 503)(_request, response)
      else response.writeHead(429, { 'retry-after': '0' }).end()
      return 'answered'
    }
    let feedback = start()
    const ends = new Map<string, 'True' | 'False'>()
    const unfinished: string[] = []
    for (let step = 0; step < 40; step += 1) {
      const chance = random()
      if (chance < 0.35 && step < 30) {
        const context = targets[Math.floor(random() * targets.length)] ?? 'a'
        const name = `${context}-${String(step).padStart(2, '0')}`
        await create(name, { context, kind: 'gitea' })
        unfinished.push(name)
      } else if (chance < 0.45) {
        await feedback.close()
        feedback = start()
      } else {
        const [name] = unfinished.splice(Math.floor(random() * unfinished.length), 1)
        if (name === undefined) continue
        const end = random() < 0.5 ? 'True' : 'False'
        await set(cluster, name, 'Unknown')
        await set(cluster, name, end)
        ends.set(name, end)
      }
    }
    for (const name of unfinished) {
      await set(cluster, name, 'True')
      ends.set(name, 'True')
    }
    for (const name of ends.keys())
      await until(`${name} to be settled`, async () => (await labelOf(cluster, name)) !== 'due')
    for (const context of targets) {
      const names = [...ends.keys()].filter(name => name.startsWith(`${context}-`)).sort()
      if (names.length === 0) continue
      const last = host.shown.filter(one => one.context === context).at(-1)
      const wanted = ends.get(names.at(-1) ?? '') === 'True' ? 'success' : 'failure'
      expect([context, last?.state, last?.url]).toEqual([context, wanted, `https://ci.example/default/${names.at(-1)}`])
      // Once a newer run has spoken, an older one is silent.
      const spoke = host.shown.filter(one => one.context === context).map(({ url }) => url)
      expect(spoke).toEqual([...spoke].sort())
    }
  },
)
