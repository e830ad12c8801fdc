/** What holds for every page: people with screen readers and people with phones can use it, and nothing of it is heavy. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { ROOT } from '../helpers/cli.js'
import { expectNoSidewaysScroll, openDashboard, PHONE, startRun } from '../helpers/dashboard.js'
import { doneRun, engineOfFile } from '../helpers/engine.js'
import { createGates, GATED, gatedRun } from './gated.js'

const SCHEDULE = `
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  suspend: true
  template:
    spec:
      resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: { generateName: nightly- }
          spec: { pipelineRef: { name: gated } }
---
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: alone }
spec: { steps: [{ name: only, image: alpine, script: "true" }] }
`
const engine = engineOfFile('dashboard-pages', `${GATED}---${SCHEDULE}`)
const open = browserOfFile()
const LONG = 240_000

/** Each with what is there when it is drawn. */
const PAGES: readonly (readonly [path: string, heading: string])[] = [
  ['/runs', 'Runs'],
  ['/runs/default/done', 'done'],
  ['/runs/default/done?tab=events', 'done'],
  ['/runs/default/done?task=&tab=yaml', 'done'],
  ['/runs/default/none', 'There is no such run'],
  ['/pipelines', 'Pipelines'],
  ['/pipelines/default/gated', 'gated'],
  ['/tasks', 'Tasks'],
  ['/deliveries', 'Deliveries'],
  ['/schedules', 'Schedules'],
  ['/queue', 'Queue'],
  ['/nowhere', 'There is no such page'],
]

test.each([
  ['on a wide screen, light', { colorScheme: 'light' } as const],
  ['on a phone, dark', { colorScheme: 'dark', ...PHONE } as const],
])(
  'every page %s passes axe, fits, and complains of nothing',
  async (_, options) => {
    const gates = createGates()
    gates.open('build')
    gates.open('check', 1)
    // Whichever of the two rounds comes first.
    await startRun(engine, 'done', gatedRun(gates)).catch(() => undefined)
    await doneRun(engine, 'done')
    const { page, complaints, requests, goTo } = await openDashboard(await open(options), engine, '/')
    const found: string[] = []
    for (const [path, heading] of PAGES) {
      await goTo(path)
      await page.getByRole('heading', { name: heading, exact: true }).first().waitFor()
      await expectNoSidewaysScroll(page)
      found.push(...(await seriousIn(page)).map(each => `${path}: ${each}`))
    }
    expect(found).toEqual([])
    expect(complaints.filter(each => !each.includes('404'))).toEqual([])
    expect(requests.filter(each => /secrets/i.test(each))).toEqual([])
  },
  LONG,
)

test(
  'the theme is as the system has it until one chooses, and stays as chosen',
  async () => {
    const { page } = await openDashboard(await open({ colorScheme: 'dark' }), engine, '/runs')
    const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
    const dark = await ground()
    await page.getByRole('button', { name: 'Theme: system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).waitFor()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    await page.getByRole('button', { name: 'Theme: light' }).waitFor()
    expect(await ground()).toBe(light)
    await page.getByRole('button', { name: 'Theme: light' }).click()
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    expect(await ground()).toBe(dark)
  },
  LONG,
)

test(
  'a pipeline is started from a form that shows what it will create',
  async () => {
    const gates = createGates()
    gates.open('build')
    gates.open('check')
    const { page, complaints } = await openDashboard(await open(), engine, '/pipelines/default/gated')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Start gated' })
    await dialog.getByText('Still to fill in: gates').waitFor()
    await dialog.getByLabel('gates').fill(gates.folder)
    await dialog.getByText(`value: ${gates.folder}`).waitFor()
    expect(await seriousIn(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await page.locator('.run-title').getByText('Succeeded', { exact: true }).waitFor()
    await page.getByRole('heading', { name: /^gated-/ }).waitFor()
    expect(complaints).toEqual([])
  },
  LONG,
)

test('what a browser loads first is below 300 kB', () => {
  const assets = join(ROOT, 'dist/ui/assets')
  const html = readFileSync(join(ROOT, 'dist/ui/index.html'), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\/dashboard\/assets\/([^"]+)"/g)].map(([, name]) => name as string)
  const sizes = first.map(name => {
    const compressed = readdirSync(assets).includes(`${name}.br`) ? `${name}.br` : name
    return statSync(join(assets, compressed)).size
  })
  expect(first.filter(name => /\.(?:js|css)$/.test(name)).length).toBeGreaterThan(1)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000)
})

/** What axe finds serious or critical, each with where. */
async function seriousIn(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    )
}
