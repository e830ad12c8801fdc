/** Pipelines, tasks, deliveries, schedules and the queue in a browser, against a live engine. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { callApi, deliver, engineOfFile, pathOf, pipelineRuns, waitUntil } from '../helpers/engine.js'

const MANIFESTS = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: greet }
spec:
  description: Says hello.
  params: [{ name: whom, default: world, description: Who is greeted. }]
  steps: [{ name: say, image: alpine, script: 'echo hello' }]
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: quick }
spec:
  description: Greets, and is done.
  params: [{ name: revision, default: main }]
  tasks: [{ name: greet, taskRef: { name: greet } }]
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: idle }
spec:
  tasks: [{ name: greet, taskRef: { name: greet } }]
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: quick }
spec:
  params: [{ name: revision, default: main }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata: { generateName: quick- }
      spec: { pipelineRef: { name: quick }, params: [{ name: revision, value: $(tt.params.revision) }] }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app }
spec:
  triggers:
    - name: pushes
      interceptors:
        - ref: { name: cel }
          params: [{ name: filter, value: "header.match('x-github-event', 'push')" }]
      template: { ref: quick }
    - name: releases
      interceptors:
        - ref: { name: cel }
          params: [{ name: filter, value: "header.match('x-github-event', 'release')" }]
      template: { ref: quick }
---
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: nightly }
spec:
  schedule: "0 6 * * *"
  timeZone: Asia/Tokyo
  template: { ref: quick }
`
const HOSTILE = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
const VIEWER = 'token-of-one-who-looks'
const users = join(mkdtempSync(join(tmpdir(), 'tektite-users-')), 'users.csv')
writeFileSync(users, `${VIEWER},someone,1,"tektite:view"\n`)
const engine = engineOfFile('dashboard-pages', MANIFESTS, ['--token-auth-file', users])
const open = browserOfFile()
const LONG_MS = 180_000
let delivery = ''

/** One delivery, and the run that it made, are there before every test. */
beforeAll(async () => {
  const payload = { repository: { full_name: 'acme/app' }, ref: 'refs/heads/main', commits: [{ message: HOSTILE }] }
  const { text } = await deliver(engine, 'app', JSON.stringify(payload), { authorization: 'Bearer a-credential' })
  delivery = (JSON.parse(text) as { eventID: string }).eventID
  await runsOf('quick', 1)
}, 90_000)

function runsOf(pipeline: string, count: number) {
  return waitUntil(`${count} runs of ${pipeline} to have ended`, async () => {
    const runs = (await pipelineRuns(engine)).filter(({ spec }) => spec.pipelineRef?.name === pipeline)
    return runs.length === count && runs.every(({ status }) => status?.completionTime !== undefined) && runs
  })
}

async function openPage(
  path: string,
  { token = engine.token, ...options }: BrowserContextOptions & { token?: string } = {},
) {
  const opened = await open(options)
  opened.page.setDefaultTimeout(60_000)
  await opened.page.addInitScript(`sessionStorage.setItem('tektite.token', ${JSON.stringify(token)})`)
  await opened.page.goto(`${engine.api}/dashboard${path}`)
  return opened
}

const PAGES = [
  ['/pipelines', 'Greets, and is done.'],
  ['/pipelines/default/quick', 'Durations'],
  ['/tasks', 'Says hello.'],
  ['/tasks/default/greet', 'Params'],
  ['/deliveries', 'acme/app main'],
  ['/deliveries/default/DELIVERY', 'pushes'],
  ['/schedules', 'Asia/Tokyo'],
  ['/schedules/default/nightly', 'Asia/Tokyo'],
  ['/queue', 'Workers and listeners'],
] as const

/** pages.test.ts asks axe about these. */
const EMPTY_TOO: readonly string[] = ['/pipelines', '/tasks', '/queue']

async function shows(page: Page, path: string, text: string): Promise<void> {
  await page.goto(`${engine.api}/dashboard${path.replace('DELIVERY', delivery)}`)
  await page.locator('main').getByText(text).first().waitFor()
  await page.locator('main .skeleton').first().waitFor({ state: 'detached' })
}

test(
  'a delivery says what came, what each trigger made of it and why, and is replayed into another run',
  async () => {
    const { page, complaints } = await openPage('/deliveries')
    await page.getByRole('link', { name: /Fired.*push.*acme\/app main/ }).waitFor()
    await page.getByLabel('Search deliveries').fill('nothing like it')
    await page.getByText('No delivery is like this').waitFor()
    await page.getByLabel('Search deliveries').fill('ACME push')
    // With keys alone: to the first row, and into it.
    await page.getByRole('link', { name: /Fired.*push/ }).waitFor()
    await page.getByLabel('Search deliveries').blur()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'push' }).waitFor()
    const outcome = page.getByRole('region', { name: 'What came of it' })
    await outcome.getByText(/did not return true/).waitFor()
    expect(await outcome.getByRole('link').count()).toBe(1)
    const payload = page.getByRole('region', { name: 'Payload' })
    await payload.getByText(JSON.stringify(HOSTILE)).waitFor()
    await payload.getByRole('button', { name: 'Text' }).click()
    await payload.getByText('"full_name":"acme/app"').waitFor()
    expect(await page.getByRole('region', { name: 'Headers' }).textContent()).toContain('authorization***')
    expect(await page.evaluate('window.owned')).toBe(undefined)
    expect(await page.locator('main img, main script').count()).toBe(0)

    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
    const replayed = page.getByRole('region', { name: 'Replay 1' })
    const link = replayed.getByRole('link', { name: /^PipelineRun quick-/ })
    await link.waitFor()
    await page.getByRole('region', { name: 'At first' }).waitFor()
    const name = (await link.textContent())?.split(' ')[1]
    const runs = await runsOf('quick', 2)
    expect(runs.map(({ metadata }) => metadata.name)).toContain(name)
    await link.click()
    await page.getByRole('heading', { name: name ?? '' }).waitFor()
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'a schedule says when it fires on its own clock, is paused, goes on, and runs when asked to',
  async () => {
    const { page, complaints } = await openPage('/schedules')
    await page.getByRole('link', { name: /Active.*nightly.*0 6 \* \* \* Asia\/Tokyo/ }).click()
    const times = page.getByRole('region', { name: 'Next times' })
    await times.getByRole('columnheader', { name: 'Asia/Tokyo' }).waitFor()
    expect(await times.getByRole('cell', { name: /, 06:00$/ }).count()).toBe(5)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('None while it is paused.', { exact: false }).waitFor()
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Active', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Run now' }).click()
    const run = page.getByRole('region', { name: 'Runs' }).getByRole('link', { name: /Succeeded.*quick-/ })
    await run.waitFor()
    await page.getByRole('link', { name: 'Each time, and what came of it' }).click()
    await page.getByRole('link', { name: /Fired.*schedule.*nightly/ }).waitFor()
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'pipelines and tasks are listed with how their last runs went, and a new run shows up by itself',
  async () => {
    const { page, complaints } = await openPage('/pipelines')
    const quick = page.getByRole('link', { name: /quick.*Greets, and is done/ })
    await quick.getByRole('img', { name: /^Last \d+ runs: \d+ succeeded/ }).waitFor()
    await page.getByRole('link', { name: /idle.*never/ }).click()
    await page.getByText('This Pipeline has not run yet.').first().waitFor()
    await page.locator('.react-flow__node', { hasText: 'greet' }).waitFor()
    const run = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata: { name: 'by-hand' } }
    await callApi(engine, 'POST', pathOf('PipelineRun', 'default'), { ...run, spec: { pipelineRef: { name: 'idle' } } })
    await page.getByRole('link', { name: /Succeeded.*by-hand/ }).waitFor()
    await page.getByRole('img', { name: /^Durations of the last 1 runs: 1 succeeded/ }).waitFor()
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'the queue shows what is under way and what it waits for, until it has ended',
  async () => {
    const { page, complaints } = await openPage('/queue')
    await page.getByText('Nothing is running, and nothing waits').waitFor()
    const path = pathOf('PipelineRun', 'default')
    const run = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata: { name: 'held' } }
    await callApi(engine, 'POST', path, {
      ...run,
      spec: { status: 'PipelineRunPending', pipelineRef: { name: 'idle' } },
    })
    await page.getByRole('link', { name: /Pending.*held.*Held back by its spec.status/ }).waitFor()
    const { body } = await callApi(engine, 'DELETE', `${path}/held`)
    expect(body['status']).toBe('Success')
    await page.getByText('Nothing is running, and nothing waits').waitFor()
    await page.getByRole('cell', { name: 'Listener this process' }).waitFor()
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'axe finds nothing on pages with something on them, in the light and in the dark; on a phone nothing is wider than the window',
  async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, complaints } = await openPage('/pipelines', { colorScheme })
      for (const [path, text] of PAGES.filter(([path]) => !EMPTY_TOO.includes(path))) {
        await shows(page, path, text)
        // What is not a colour is the same in the dark.
        const axe = new AxeBuilder({ page })
        const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
        expect(found, `${path} in the ${colorScheme}`).toEqual([])
      }
      expect(complaints).toEqual([])
    }
    const { page, complaints } = await openPage('/pipelines', { viewport: { width: 390, height: 844 } })
    for (const [path, text] of PAGES) {
      await shows(page, path, text)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
    }
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'who may only look is offered nothing to do, and sees the rest',
  async () => {
    const { page, complaints } = await openPage('/queue', { token: VIEWER })
    for (const [path, text] of PAGES) {
      await shows(page, path, text)
      await page.getByText('Read only').waitFor()
      for (const name of ['Replay', 'Pause', 'Resume', 'Run now', 'Start']) {
        expect(await page.getByRole('button', { name, exact: true }).count(), `${name} on ${path}`).toBe(0)
      }
    }
    expect(complaints).toEqual([])
  },
  LONG_MS,
)
