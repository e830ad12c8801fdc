/** Debian's Chromium, driven by Playwright. Needs the built dashboard: `npm run build`. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'

export interface OpenedPage {
  readonly page: Page
  /** What the page said on its console as an error, what it threw, and what its policy refused. */
  readonly complaints: readonly string[]
}

/** One browser for a file of tests, and a fresh context (storage, viewport) for each page. */
export function browserOfFile(): (options?: BrowserContextOptions) => Promise<OpenedPage> {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      // CI runs as root in a container, where Chromium's own sandbox cannot be set up; /dev/shm is small there.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    })
  }, 60_000)
  afterAll(() => browser?.close())
  return async options => {
    if (browser === undefined) throw new Error('no browser yet: open pages inside a test')
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(String(error)))
    return { page, complaints }
  }
}
