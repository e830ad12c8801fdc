/** The page of a run, in a browser, against a live engine. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { openDashboard, startRun } from '../helpers/dashboard.js'
import { doneRun, engineOfFile } from '../helpers/engine.js'
import { createGates, GATED, gatedRun } from './gated.js'

const VIEWER = 'token-of-one-who-looks'
const users = join(mkdtempSync(join(tmpdir(), 'tektite-users-')), 'users.csv')
writeFileSync(users, `${VIEWER},someone,1,"tektite:view"\n`)
const engine = engineOfFile('dashboard-run', GATED, ['--token-auth-file', users])
const open = browserOfFile()
const LONG = 120_000

test(
  'a run is cancelled from its page, after a choice of how',
  async () => {
    const uid = await startRun(engine, 'to-cancel', gatedRun(createGates()))
    const { page, complaints } = await openDashboard(await open(), engine, `/runs/default/${uid}`)
    await page.locator('.react-flow__node[aria-label^="build, Running"]').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Cancel, then run finally' }).click()
    await page.locator('.run-title').getByText('Cancelled', { exact: true }).waitFor()
    await page.locator('.react-flow__node[aria-label^="build, Cancelled"]').waitFor()
    await page.locator('.react-flow__node[aria-label^="report, Succeeded"]').waitFor()
    const run = await doneRun(engine, 'to-cancel')
    expect(run.spec.status).toBe('CancelledRunFinally')
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'a failed run says why, and goes on from what failed',
  async () => {
    const gates = createGates()
    gates.open('build')
    gates.open('check', 3)
    const uid = await startRun(engine, 'to-rerun', gatedRun(gates))
    const { page, complaints } = await openDashboard(await open(), engine, `/runs/default/${uid}`)
    await page.locator('.run-title').getByText('Failed', { exact: true }).waitFor()
    await page.locator('.notice').getByText('exit code 3').waitFor()
    gates.open('check', 0)
    await page.getByRole('button', { name: 'Rerun from failed' }).click()
    await page.waitForURL(address => !address.pathname.endsWith(uid))
    await page.getByRole('link', { name: 'rerun of to-rerun' }).waitFor()
    await page.locator('.run-title').getByText('Succeeded', { exact: true }).waitFor()
    await page.locator('.react-flow__node[aria-label^="build, Succeeded"][aria-label*="taken over"]').waitFor()
    await page.locator('.react-flow__node[aria-label^="check, Succeeded"]').waitFor()
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'a task, its step and what is looked at of it are in the address, and there again after a reload',
  async () => {
    const gates = createGates()
    gates.open('build')
    gates.open('check')
    const uid = await startRun(engine, 'deep', gatedRun(gates))
    await doneRun(engine, 'deep')
    // By its name: the address then says which one that is.
    const { page, complaints, layoutShift } = await openDashboard(await open(), engine, '/runs/default/deep')
    const tree = page.getByRole('navigation', { name: 'Tasks' })
    await tree.getByRole('link', { name: /^build/ }).click()
    await tree.getByRole('link', { name: /^compile/ }).click()
    await page.getByText('compiling <b>everything</b>').waitFor()
    expect(await layoutShift()).toBeLessThan(0.02)
    await page.getByRole('tab', { name: 'Params and results' }).click()
    const results = page.getByRole('region', { name: 'Results' })
    await results.getByText('sha256:1234').waitFor()
    const address = new URL(page.url())
    expect([address.pathname, address.search]).toEqual([
      `/dashboard/runs/default/${uid}`,
      '?task=build&tab=values&step=compile',
    ])
    await page.reload()
    await results.getByText('sha256:1234').waitFor()
    await page.getByRole('tab', { name: 'Params and results' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    const yaml = page.getByRole('region', { name: 'deep-build as YAML' })
    expect(await yaml.textContent()).toContain('- name: digest\n    type: string\n    value: sha256:1234')
    // The graph is chosen from by keys, too.
    await page.locator('.react-flow__node[data-id="report"]').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'report' }).waitFor()
    expect(new URL(page.url()).searchParams.get('task')).toBe('report')
    await page.goBack()
    await yaml.waitFor()
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'names, params and messages are text, whatever is in them',
  async () => {
    const hostile = '<img src=x onerror="document.title=1">${jndi:x}\u202e'
    const uid = await startRun(engine, 'hostile', {
      params: [{ name: 'text', value: hostile }],
      pipelineSpec: {
        params: [{ name: 'text' }],
        tasks: [
          {
            name: 'shown',
            displayName: hostile,
            params: [{ name: 'text', value: '$(params.text)' }],
            taskSpec: {
              params: [{ name: 'text' }],
              results: [{ name: 'out' }],
              steps: [
                {
                  name: 'show',
                  image: 'alpine',
                  env: [{ name: 'TEXT', value: '$(params.text)' }],
                  script: 'printf %s "$TEXT" > $(results.out.path)\nprintf "%s\\n" "$TEXT" "$TEXT" >&2\nexit 3\n',
                },
              ],
            },
          },
        ],
      },
    })
    await doneRun(engine, 'hostile')
    const { page, complaints, goTo } = await openDashboard(await open(), engine, `/runs/default/${uid}?tab=values`)
    await page.getByRole('region', { name: 'Params' }).getByText('<img src=x').waitFor()
    await page.locator('.react-flow__node[aria-label^="<img src=x"]').waitFor()
    await goTo(`/runs/default/${uid}?tab=yaml`)
    await page.getByRole('region', { name: /as YAML/ }).waitFor()
    await goTo('/runs?search=hostile')
    await page.getByRole('link', { name: 'hostile' }).waitFor()
    expect(await page.locator('img').count()).toBe(0)
    await goTo('/runs/default/%3Cimg%20src%3Dx%3E')
    await page.getByText('There is no such run').waitFor()
    expect(complaints.filter(each => !each.includes('404'))).toEqual([])
  },
  LONG,
)

test(
  'one who may only look is shown everything and offered nothing',
  async () => {
    const uid = await startRun(engine, 'looked-at', gatedRun(createGates()))
    const { page, complaints, requests } = await openDashboard(await open(), engine, `/runs/default/${uid}`, VIEWER)
    await page.locator('.react-flow__node[aria-label^="build, Running"]').waitFor()
    await page.getByText('Read only').waitFor()
    await page.getByText('compiling <b>everything</b>').waitFor()
    for (const name of ['Cancel', 'Rerun', 'Delete this run']) {
      expect(await page.getByRole('button', { name }).count(), name).toBe(0)
    }
    expect(complaints).toEqual([])
    expect(requests.filter(each => !/^GET |selfsubjectaccessreviews$/.test(each))).toEqual([])
    // The same page offers it to one who may.
    const admin = await openDashboard(await open(), engine, `/runs/default/${uid}`)
    await admin.page.getByRole('button', { name: 'Delete this run' }).click()
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await admin.page.getByText('deleted', { exact: true }).waitFor()
    await page.getByText('deleted', { exact: true }).waitFor()
  },
  LONG,
)
