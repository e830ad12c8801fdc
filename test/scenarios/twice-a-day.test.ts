/** examples/twice-a-day in a real `tektite up`: asked for with the command line, listed, suspended, fired by the clock. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Schedule } from '../../src/resources/schedules.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { ROOT, tektite } from '../helpers/cli.js'
import { stageDockerBuild } from '../helpers/docker-stand-in.js'
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
const { dockerLog, environment } = stageDockerBuild(folder)
let engine: Engine

beforeAll(async () => {
  engine = await startEngine(data, environment)
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
