/** examples/twice-a-day in a real `tektite up`: asked for with the command line, listed, suspended, fired by the clock. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Schedule } from '../../src/resources/schedules.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { ROOT, tektite } from '../helpers/cli.js'
import {
  apply,
  callApi,
  doneRun,
  type Engine,
  pathOf,
  pipelineRuns,
  startEngine,
  waitUntil,
} from '../helpers/engine.js'

const EXAMPLE = join(ROOT, 'examples/twice-a-day')
const NAME = 'build-push-twice-a-day'
const PATH = `${pathOf('Schedule', 'default')}/${NAME}`
const folder = mkdtempSync(join(tmpdir(), 'tektite-twice-a-day-'))
const data = join(folder, 'data')
const dockerLog = join(folder, 'docker.log')
let engine: Engine

beforeAll(async () => {
  const [bin, home, repository] = ['bin', 'home', 'repository'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const each of [bin, home, repository]) mkdirSync(each)
  // A stand-in for docker that notes how it was called and what came on its standard input.
  writeFileSync(
    join(bin, 'docker'),
    `#!/bin/sh\n[ "$1" = login ] && read -r password\necho "$*\${password+ < $password}" >> ${dockerLog}\n`,
  )
  chmodSync(join(bin, 'docker'), 0o755)
  writeFileSync(
    join(home, '.gitconfig'),
    `[url "file://${repository}"]\n\tinsteadOf = https://github.com/myuser/myrepo.git\n[user]\n\tname = t\n\temail = t@example.com\n`,
  )
  writeFileSync(join(repository, 'Dockerfile'), 'FROM scratch\n')
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '.'],
    ['commit', '-q', '-m', 'first'],
  ]) {
    execFileSync('git', args, { cwd: repository, env: { ...process.env, HOME: home } })
  }
  engine = await startEngine(data, { HOME: home, PATH: `${bin}:${process.env['PATH']}` })
  for (const file of readdirSync(EXAMPLE)) await apply(engine, readFileSync(join(EXAMPLE, file), 'utf8'))
}, 90_000)

afterAll(async () => {
  expect(await engine?.end('SIGTERM')).toBe(0)
  rmSync(folder, { recursive: true, force: true })
}, 90_000)

const cli = (...args: readonly string[]) => tektite([...args, '--data', data])
const stored = async () => (await callApi(engine, 'GET', PATH)).body as unknown as Schedule

async function change(spec: Partial<Schedule['spec']>): Promise<void> {
  const schedule = await stored()
  const { status, body } = await callApi(engine, 'PUT', PATH, { ...schedule, spec: { ...schedule.spec, ...spec } })
  expect([status, body.message]).toEqual([200, undefined])
}

test('the example is admitted as it stands', async () => {
  const { code, stderr } = await tektite(['validate', EXAMPLE])
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('warning')])
})

test('it fires at six and at six, as the clocks in Berlin show it, and says when that is', async () => {
  const status = await waitUntil('five times in the status', async () => {
    const found = (await stored()).status
    return found?.nextScheduleTimes?.length === 5 && found
  })
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' })
  const times = (status.nextScheduleTimes ?? []).map(time => clock.format(Date.parse(time)))
  expect(new Set(times)).toEqual(new Set(['06:00', '18:00']))
  const { stdout } = await cli('schedule')
  expect(stdout).toMatch(
    /default\/build-push-twice-a-day +0 6,18 \* \* \* +Europe\/Berlin +- +\S+T(06|18):00:00\+0\d:00 \(in /,
  )
})

test('a run that is asked for builds and pushes, and moves no slot', async () => {
  const asked = await cli('schedule', 'run', NAME)
  expect(asked.stdout).toMatch(
    /✔ default\/build-push-twice-a-day {2}fired\n {5}→ PipelineRun default\/build-push-pipeline-\w{5}\n/,
  )
  expect(asked.code).toBe(0)
  const [made] = await pipelineRuns(engine)
  const run = await doneRun(engine, made?.metadata.name ?? '')
  expect(run.status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(readFileSync(dockerLog, 'utf8')).toContain('push docker.io/myuser/myimage:nightly')
  expect(run.metadata.annotations?.['scheduled-for']).toBe(run.metadata.annotations?.['tektite.dev/scheduled-at'])
  expect((await stored()).status?.lastScheduleTime).toBeUndefined()
})

test('fired by the clock, its last runs stay and the older ones go', async () => {
  await change({ schedule: '* * * * * *', concurrencyPolicy: 'Allow', successfulRunsHistoryLimit: 2 })
  const slotOf = (run: PipelineRun) => run.metadata.annotations?.['tektite.dev/scheduled-at'] ?? ''
  const seen = new Set<string>()
  await waitUntil('six slots to have fired', async () => {
    for (const run of await pipelineRuns(engine)) seen.add(slotOf(run))
    return seen.size >= 6
  })
  await change({ suspend: true })
  await waitUntil('two runs to be left, and none active', async () => {
    const { status } = await stored()
    return status?.active?.length === 0 && (await pipelineRuns(engine)).length === 2
  })
  const { stdout } = await cli('schedule', 'list', '-n', 'default')
  expect(stdout).toMatch(/ suspended\n$/)
  const last = (await stored()).status?.lastScheduleTime ?? ''
  expect((await pipelineRuns(engine)).map(slotOf).sort().at(-1)).toBe(last)
}, 60_000)

test('a suspended schedule runs when it is asked to', async () => {
  expect((await cli('schedule', 'run', NAME)).code).toBe(0)
})

test('one that is not there is told', async () => {
  const { code, stderr } = await cli('schedule', 'run', 'nobody', '-n', 'ci')
  expect([code, stderr]).toEqual([2, 'error: Schedule "nobody" not found in namespace "ci"\n'])
})
