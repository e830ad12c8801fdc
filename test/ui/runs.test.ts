/** The list of runs, in a browser, against a live engine. */
import { expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { openDashboard, startRun } from '../helpers/dashboard.js'
import { callApi, deliver, engineOfFile, pathOf, pipelineRuns, signature, waitUntil } from '../helpers/engine.js'
import { createGates, GATED } from './gated.js'

const LISTENER = `
apiVersion: v1
kind: Secret
metadata: { name: hook }
stringData: { token: s3cret-of-the-hook }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app }
spec:
  triggers:
    - name: push
      interceptors:
        - ref: { name: github }
          params:
            - { name: secretRef, value: { secretName: hook, secretKey: token } }
            - { name: eventTypes, value: [push] }
      bindings: [{ name: gates, value: $(body.gates) }]
      template:
        spec:
          params: [{ name: gates }]
          resourcetemplates:
            - apiVersion: tekton.dev/v1
              kind: PipelineRun
              metadata: { generateName: delivered- }
              spec: { pipelineRef: { name: gated }, params: [{ name: gates, value: $(tt.params.gates) }] }
`

const engine = engineOfFile('dashboard-runs', `${GATED}---${LISTENER}`)
const open = browserOfFile()
const PENDING = {
  pipelineRef: { name: 'gated' },
  params: [{ name: 'gates', value: '/' }],
  status: 'PipelineRunPending',
}
const MANY = Array.from({ length: 130 }, (_, index) => `many-${String(index).padStart(3, '0')}`)
const LONG = 120_000

async function startMany(): Promise<void> {
  const there = (await pipelineRuns(engine)).map(({ metadata }) => metadata.name)
  await Promise.all(MANY.filter(name => !there.includes(name)).map(name => startRun(engine, name, PENDING)))
}

test(
  'a delivery arrives, its run appears in the open list, and its graph goes on to success',
  async () => {
    const gates = createGates()
    const { page, complaints, requests } = await openDashboard(await open(), engine, '/runs')
    await page.getByText('Nothing has run here yet').waitFor()
    await page.evaluate('window.isSame = true')
    const body = JSON.stringify({ gates: gates.folder })
    expect((await deliver(engine, 'app', body, signature(body, 's3cret-of-the-hook'))).status).toBe(202)
    const row = page.getByRole('link', { name: /delivered-/ })
    await row.filter({ hasText: 'Running' }).waitFor()
    await row.filter({ hasText: 'app / push' }).click()

    const node = (name: string) => page.locator(`.react-flow__node[data-id="${name}"]`)
    await node('check').waitFor()
    await page.evaluate(`
    const node = document.querySelector('.react-flow__node[data-id="check"]')
    window.seen = [node.ariaLabel]
    new MutationObserver(() => seen.push(node.ariaLabel)).observe(node, { attributeFilter: ['aria-label'] })`)
    await page.locator('.react-flow__node[aria-label^="build, Running"]').waitFor()
    gates.open('build')
    await page.locator('.react-flow__node[aria-label^="check, Running"]').waitFor()
    gates.open('check')
    await page.locator('.run-title').getByText('Succeeded', { exact: true }).waitFor()
    await page.locator('.react-flow__node[aria-label^="check, Succeeded"]').waitFor()
    await page.locator('.react-flow__node[aria-label^="never, Skipped, when: no"]').waitFor()
    await page.locator('.react-flow__node[aria-label^="report, Succeeded"]').waitFor()
    const seen = await page.evaluate<readonly string[]>('seen')
    const states = seen.map(label => label.split(', ')[1])
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual(['Pending', 'Running', 'Succeeded'])

    await page.goBack()
    await row.filter({ hasText: 'Succeeded' }).waitFor()
    expect(await page.evaluate('window.isSame')).toBe(true)
    expect(complaints).toEqual([])
    expect(requests.filter(each => each.includes('secrets'))).toEqual([])
  },
  LONG,
)

test(
  'many runs come page by page, are found by words and by status, and the address says what is shown',
  async () => {
    await startMany()
    const { page, requests, layoutShift, complaints } = await openDashboard(await open(), engine, '/runs?search=many')
    const rows = page.locator('[data-row]')
    await rows.first().waitFor()
    expect(await layoutShift()).toBeLessThan(0.02)
    const seen = new Set<string>()
    await waitUntil('all of them to be scrolled past', async () => {
      for (const text of await rows.allInnerTexts()) seen.add(/many-\d+/.exec(text)?.[0] ?? '')
      await page.mouse.wheel(0, 400)
      return seen.size === MANY.length
    })
    // Not all of them are in the page: only what is in sight, and a little more.
    expect(await rows.count()).toBeLessThan(80)

    const search = page.getByRole('searchbox')
    await search.fill('many-07')
    await page.getByRole('button', { name: 'All 10' }).waitFor()
    expect((await rows.allInnerTexts()).filter(text => /many-07\d/.test(text))).toHaveLength(10)
    await page.getByRole('button', { name: /^Succeeded/ }).click()
    await page.getByText('No run is like this').waitFor()
    expect(new URL(page.url()).search).toBe('?search=many-07&status=succeeded')
    await page.reload()
    await page.getByText('No run is like this').waitFor()
    expect(await search.inputValue()).toBe('many-07')
    await page.getByRole('button', { name: /^Pending/ }).click()
    await page.getByRole('link', { name: 'many-070' }).waitFor()

    // One that is held back no longer is listed no longer.
    await page.getByRole('button', { name: /^Succeeded/ }).click()
    const path = `${pathOf('PipelineRun', 'default')}/many-070`
    expect((await callApi(engine, 'DELETE', path)).status).toBe(200)
    await page.getByRole('link', { name: 'many-070' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Pending 9' }).waitFor()
    // One list and one watch for each question that was asked, and a few pages: never one for each run.
    expect(requests.filter(each => each.includes('/v1alpha1/runs')).length).toBeLessThan(40)
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'keys search, move, open, go elsewhere and explain themselves',
  async () => {
    await startMany()
    const { page, complaints } = await openDashboard(await open(), engine, '/runs?search=many')
    const rows = page.locator('[data-row]')
    await rows.first().waitFor()
    for (const key of 'jjjk') await page.keyboard.press(key)
    expect(await page.evaluate('document.activeElement.textContent')).toBe(await rows.nth(1).textContent())
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.keyboard.type(' 10')
    // The name of one and, with many before it, of no other.
    await page.keyboard.type('5')
    await page.getByRole('button', { name: 'All 1', exact: true }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'many-105' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'Pipelines' }).waitFor()
    // The first thing that Tab reaches leads past the navigation.
    await page.reload()
    await page.getByRole('heading', { name: 'Pipelines' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'a server that goes away is said, and what happened meanwhile is shown when it is back',
  async () => {
    const { page } = await openDashboard(await open(), engine, '/runs?search=meanwhile')
    await page.getByText('No run is like this').waitFor()
    await page.context().setOffline(true)
    // The watch under way is cut, as it is when a machine sleeps; a new one cannot be had.
    await page.evaluate(`
    for (const value of ['hidden', 'visible']) {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }`)
    await page.getByText('Connection lost').waitFor()
    await startRun(engine, 'meanwhile', PENDING)
    await page.context().setOffline(false)
    await page.getByRole('link', { name: 'meanwhile' }).waitFor()
    await page.getByText('Connection lost').waitFor({ state: 'detached' })
  },
  LONG,
)
