/** What a test does with a page of the dashboard: signed in, at a path, with everything noted that it asks for. */
import type { BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { OpenedPage } from './browser.js'
import { callApi, type Engine, pathOf } from './engine.js'

/** A machine that is busy with other tests draws slowly, too. */
const PATIENCE_MS = 60_000

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 } }

export interface Dashboard extends OpenedPage {
  /** Method and path of every request so far, with its query. */
  readonly requests: readonly string[]
  /** Goes to another address of the same page, as a link from elsewhere does. */
  readonly goTo: (path: string) => Promise<void>
  /** Sum of all layout shifts since the page was loaded. */
  readonly layoutShift: () => Promise<number>
}

const SUM_SHIFTS = `
  window.shifts = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shifts += entry.value
  }).observe({ type: 'layout-shift', buffered: true })`

/** @param path behind `/dashboard` @param token the engine's own when absent */
export async function openDashboard(
  { page, complaints }: OpenedPage,
  engine: Engine,
  path: string,
  token = engine.token,
): Promise<Dashboard> {
  page.setDefaultTimeout(PATIENCE_MS)
  const requests: string[] = []
  page.on('request', request => {
    const { pathname, search } = new URL(request.url())
    requests.push(`${request.method()} ${pathname}${search}`)
  })
  await page.addInitScript(`sessionStorage.setItem('tektite.token', ${JSON.stringify(token)})`)
  await page.addInitScript(SUM_SHIFTS)
  const goTo = async (to: string) => {
    await page.goto(`${engine.api}/dashboard${to}`)
  }
  await goTo(path)
  return {
    page,
    complaints,
    requests,
    goTo,
    layoutShift: () => page.evaluate<number>('window.shifts'),
  }
}

/** Creates a PipelineRun. Resolves to its uid. */
export async function startRun(engine: Engine, name: string, spec: unknown): Promise<string> {
  const run = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata: { name }, spec }
  const { status, body } = await callApi(engine, 'POST', pathOf('PipelineRun', 'default'), run)
  expect([status, body.message]).toEqual([201, undefined])
  return (body as unknown as { metadata: { uid: string } }).metadata.uid
}

/** Nothing is wider than the window: nobody has to scroll sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, width] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
  expect(content, page.url()).toBeLessThanOrEqual(width)
}
