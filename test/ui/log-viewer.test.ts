/** The log viewer in a browser, over what real steps write. */
import { execFileSync } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { callApi, engineOfFile, pathOf, waitUntil } from '../helpers/engine.js'

const TASKS = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: repeat }
spec:
  params: [{ name: pipe }]
  steps: [{ name: say, image: alpine, script: 'cat "$(params.pipe)"' }]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: much }
spec:
  steps:
    - name: say
      image: alpine
      script: seq -f 'line %07.0f of a log that is long, and holds nothing of interest but its numbers 0123456789 0123456789' 1 1000000
`
const LINES = 1_000_000
const engine = engineOfFile('log-viewer', TASKS)
const open = browserOfFile()
const LONG_MS = 180_000

async function start(name: string, task: string, params: readonly object[] = []): Promise<string> {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name },
    spec: { taskRef: { name: task }, params },
  }
  const { status, body } = await callApi(engine, 'POST', pathOf('TaskRun', 'default'), run)
  expect([status, body.message]).toEqual([201, undefined])
  return (body as unknown as { metadata: { uid: string } }).metadata.uid
}

/** A test that is tried again starts another run. */
let started = 0
const another = (name: string): string => `${name}-${++started}`

/** A step that writes what is written into the pipe, as it is. */
async function startTalking(name: string): Promise<{ readonly uid: string; readonly pipe: WriteStream }> {
  const path = join(engine.folder, name)
  execFileSync('mkfifo', [path])
  const uid = await start(name, 'repeat', [{ name: 'pipe', value: path }])
  return { uid, pipe: createWriteStream(path) }
}

async function ended(name: string): Promise<void> {
  await waitUntil(`TaskRun ${name} to be over`, async () => {
    const { body } = await callApi(engine, 'GET', `${pathOf('TaskRun', 'default')}/${name}`)
    const { status } = body as unknown as { status?: { completionTime?: string } }
    return status?.completionTime !== undefined
  })
}

async function openLog(uid: string, query = '', width = 1440) {
  const opened = await open({ viewport: { width, height: 900 } })
  opened.page.setDefaultTimeout(60_000)
  await opened.page.addInitScript(`sessionStorage.setItem('tektite.token', ${JSON.stringify(engine.token)})`)
  await opened.page.goto(`${engine.api}/dashboard/runs/default/${uid}?step=say${query}`)
  return { ...opened, log: opened.page.getByRole('log') }
}

/** The numbers of the lines that are drawn, top to bottom. */
function drawn(page: Page): Promise<readonly number[]> {
  return page.evaluate<number[]>(
    `[...document.querySelectorAll('.log-number')].map(each => Number(each.textContent)).sort((a, b) => a - b)`,
  )
}

test(
  'lines show up as a step writes them: folded, coloured, searched, hostile ones as text',
  async () => {
    const name = another('talks')
    const { uid, pipe } = await startTalking(name)
    const { page, log, complaints } = await openLog(uid)
    pipe.write('first line\n')
    await log.getByText('first line').waitFor()
    await page.evaluate('window.sameDocument = true')
    pipe.write('::group::Packages\n\x1b[32mgreen\x1b[0m package\n::endgroup::\n 1%\r100% loaded\n')
    await log.getByText('100% loaded').waitFor()
    expect(await log.getByText('1%', { exact: true }).count()).toBe(0)
    expect(await log.locator('.log-fg-green').textContent()).toBe('green')
    await log.getByRole('button', { name: /Packages/ }).click()
    await log.getByRole('button', { name: /Packages.*1 line/ }).waitFor()
    expect(await log.getByText('green').count()).toBe(0)
    // What is in a closed fold is found, and the fold opened.
    const search = page.getByLabel('Search the log')
    await search.fill('GREEN')
    await page.getByText('–/1').waitFor()
    await search.press('Enter')
    await page.getByText('1/1', { exact: true }).waitFor()
    await log.locator('mark', { hasText: 'green' }).waitFor()
    await search.fill('')
    const hostile = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
    pipe.write(`${hostile}\n\x1b]0;title\x07\x1b[2J\x1b[31;999mred \u202etext\x1b[0m\n`)
    await log.getByText(hostile).waitFor()
    await log.getByText('red text').waitFor()
    expect(await page.evaluate('[window.owned, window.sameDocument]')).toEqual([undefined, true])
    expect(await log.locator('img, script').count()).toBe(0)
    await page.getByRole('button', { name: 'Jump to newest' }).click()
    // Whoever reads elsewhere is left there; one click leads back to what is new.
    pipe.write(Array.from({ length: 400 }, (_, at) => `row ${at}\n`).join(''))
    await log.getByText('row 399').waitFor()
    await log.hover()
    await page.mouse.wheel(0, -2_000)
    await page.getByRole('button', { name: 'Jump to newest' }).waitFor()
    pipe.write('the newest\n')
    await page.getByText('408 lines').waitFor()
    expect(await log.getByText('the newest').count()).toBe(0)
    await page.getByRole('button', { name: 'Jump to newest' }).click()
    await log.getByText('the newest').waitFor()
    pipe.end('the end')
    await ended(name)
    await log.getByText('the end').waitFor()
    await page.getByRole('button', { name: 'Follow' }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  'a line has an address, which leads to it; so have several; a very long one is shown in part until all of it is wanted',
  async () => {
    const name = another('links')
    const { uid, pipe } = await startTalking(name)
    pipe.write(Array.from({ length: 3_000 }, (_, at) => `row ${at + 1}\n`).join(''))
    pipe.end(`${'x'.repeat(1_000_000)}END\nlast\n`)
    await ended(name)
    const { page, log, complaints } = await openLog(uid, '&line=1500')
    await log.locator('[data-selected]', { hasText: 'row 1500' }).waitFor()
    await log.getByRole('link', { name: 'Line 1502', exact: true }).click({ modifiers: ['Shift'] })
    await waitUntil('the address to say so', () => page.url().includes('line=1500-1502'))
    await page.reload()
    await log.locator('[data-selected]', { hasText: 'row 1502' }).waitFor()
    expect(await log.locator('[data-selected]').count()).toBe(3)
    await log.press('Home')
    await log.getByText('row 1', { exact: true }).waitFor()
    await log.press('End')
    await log.getByText('last').waitFor()
    expect(await log.getByText('END').count()).toBe(0)
    await log.getByRole('button', { name: 'Show all 1.0 MB' }).click()
    await log.getByText('END').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Show times' }).click()
    await log
      .locator('time', { hasText: /^\d{4}-\d\d-\d\dT.*Z$/ })
      .first()
      .waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the log' }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`${name}-say.log`)
    expect(complaints).toEqual([])
  },
  LONG_MS,
)

test(
  '100 MB open at the end, in the middle and where they are searched, and neither the heap nor the wire sees all of it',
  async () => {
    const name = another('much')
    const uid = await start(name, 'much')
    await ended(name)
    const { page, log, complaints } = await openLog(uid)
    let received = 0
    const wire = await page.context().newCDPSession(page)
    await wire.send('Network.enable')
    wire.on('Network.dataReceived', ({ dataLength }) => {
      received += dataLength
    })
    await log.getByText('line 1000000 of').waitFor()
    await page.getByText('1,000,000 lines · 104 MB').waitFor()
    await page.getByLabel('Place in the log').fill('500000')
    await log.getByText('line 0500000 of').waitFor()
    const middle = await drawn(page)
    expect(middle).toEqual(middle.map((_, at) => (middle[0] ?? 0) + at))
    // On from there, further than a page reaches.
    await log.hover()
    const seen = Math.max(...middle)
    for (let turn = 0; turn < 60; turn += 1) await page.mouse.wheel(0, 1_000)
    await waitUntil('a scrolled log', async () => Math.min(...(await drawn(page))) > seen + 1_500)
    const behind = await drawn(page)
    expect(behind).toEqual(behind.map((_, at) => (behind[0] ?? 0) + at))
    await page.getByLabel('Search the log').fill('line 0777777')
    await page.getByText('–/1').waitFor()
    await page.getByLabel('Search the log').press('Enter')
    await log.locator('[data-current]', { hasText: 'line 0777777' }).waitFor()
    await page.goto(`${page.url()}&line=123456`)
    await log.locator('[data-selected]', { hasText: 'line 0123456' }).waitFor()
    await wire.send('HeapProfiler.collectGarbage')
    const { usedSize } = await wire.send('Runtime.getHeapUsage')
    expect(usedSize).toBeLessThan(80_000_000)
    expect(received).toBeLessThan(30_000_000)
    expect(complaints).toEqual([])
    const { log: onPhone, page: phone } = await openLog(uid, '', 390)
    await onPhone.getByText('line 1000000 of').waitFor()
    expect(await phone.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await waitUntil('the last line at the bottom', async () => (await drawn(phone)).at(-1) === LINES)
  },
  LONG_MS,
)
