/**
 * The dashboard's list of runs beside 10 000 of them, in Chromium: first paint, until the list is there, search while one
 * types, scrolling. `RUNS=200` for a small round.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const RUNS = Number(process.env.RUNS ?? 10_000)
const ROUNDS = 10
const AT_ONCE = 50
const PIPELINES = ['release', 'nightly', 'pull-request', 'deploy', 'docs']

/** In the page: milliseconds between frames while it scrolls down as far as 2000 runs, or their end. */
const scrolled = `new Promise(resolve => {
  const frames = []
  let last = performance.now()
  function frame() {
    const now = performance.now()
    frames.push(now - last)
    last = now
    window.scrollBy(0, 300)
    const rest = document.documentElement.scrollHeight - window.innerHeight - window.scrollY
    if (window.scrollY > 2000 * 45 || (rest < 1 && !document.querySelector('.more')) || frames.length > 600) resolve(frames)
    else requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})`

await withFolder(async folder => {
  const args = [
    join(ROOT, 'bin/tektite.js'),
    'up',
    '--data',
    folder,
    '--port',
    '0',
    '--hooks-port',
    '0',
    '--parts',
    'api',
  ]
  const engine = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = new Promise(resolve => engine.once('exit', resolve))
  try {
    const { api } = await until(() => JSON.parse(readFileSync(join(folder, 'addresses.json'), 'utf8')))
    const token = readFileSync(join(folder, 'token'), 'utf8').trim()
    await fill(api, token)
    report('dashboard', await measure(api, token))
  } finally {
    engine.kill('SIGTERM')
    await exited
  }
})

/** Nobody works here: they are as somebody left them. */
async function fill(api, token) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const runs = `${api}/apis/tekton.dev/v1/namespaces/default/pipelineruns`
  for (let done = 0; done < RUNS; done += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, RUNS - done) }, async (_, index) => {
        const number = done + index
        const pipeline = PIPELINES[number % PIPELINES.length]
        const name = `${pipeline}-${String(number).padStart(5, '0')}`
        const body = {
          apiVersion: 'tekton.dev/v1',
          kind: 'PipelineRun',
          metadata: { name, labels: { 'tekton.dev/pipeline': pipeline, team: `team-${number % 17}` } },
          spec: { pipelineRef: { name: pipeline } },
        }
        const made = await fetch(runs, { method: 'POST', headers, body: JSON.stringify(body) })
        if (made.status !== 201) throw new Error(await made.text())
        const status = {
          status: {
            startTime: '2026-11-22T12:00:00Z',
            completionTime: '2026-11-22T12:01:30Z',
            conditions: [
              {
                type: 'Succeeded',
                status: number % 9 === 0 ? 'False' : 'True',
                reason: number % 9 === 0 ? 'Failed' : 'Succeeded',
                message: 'Tasks Completed: 5 (Failed: 0, Cancelled 0), Skipped: 1',
              },
            ],
          },
        }
        const patched = await fetch(`${runs}/${name}/status`, {
          method: 'PATCH',
          headers: { ...headers, 'content-type': 'application/merge-patch+json' },
          body: JSON.stringify(status),
        })
        if (patched.status !== 200) throw new Error(await patched.text())
      }),
    )
  }
}

async function measure(api, token) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  const figures = { first: [], largest: [], list: [], search: [], scroll: [] }
  let bytes = 0
  for (let round = 0; round <= ROUNDS; round += 1) {
    // A fresh context: nothing is in its cache.
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await page.addInitScript(`
      sessionStorage.setItem('tektite.token', ${JSON.stringify(token)})
      window.largest = 0
      new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.largest = entry.startTime
      }).observe({ type: 'largest-contentful-paint', buffered: true })
      window.listed = new Promise(resolve => {
        new MutationObserver(() => {
          if (document.querySelector('.run-rows a')) resolve(performance.now())
        }).observe(document, { childList: true, subtree: true })
      })`)
    await page.goto(`${api}/dashboard/runs`)
    const list = await page.evaluate('window.listed')
    await page.evaluate('new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    const first = await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)
    const largest = await page.evaluate('window.largest')
    bytes = await page.evaluate(
      `performance.getEntriesByType('resource').filter(each => /assets/.test(each.name)).reduce((sum, each) => sum + each.encodedBodySize, 0)`,
    )
    // From the last key to rows that have the word; the wait for more keys is part of it.
    const wanted = String(Math.floor(RUNS / 2) + round).padStart(5, '0')
    await page.locator('[data-search]').fill(`release ${wanted.slice(0, 4)}`)
    const typed = performance.now()
    await page.locator('[data-search]').fill(wanted)
    await page.locator('.run-rows a', { hasText: wanted }).first().waitFor()
    await page.getByRole('button', { name: 'All 1', exact: true }).waitFor()
    const search = performance.now() - typed
    await page.locator('[data-search]').fill('')
    await page.locator('.run-rows a').nth(20).waitFor()
    const scroll = await page.evaluate(scrolled)
    await context.close()
    if (round === 0) continue
    for (const [name, figure] of Object.entries({ first, largest, list, search })) figures[name].push(figure)
    figures.scroll.push(...scroll)
  }
  await browser.close()
  return [
    { what: 'first contentful paint', figure: milliseconds(summary(figures.first)) },
    { what: 'largest contentful paint', figure: milliseconds(summary(figures.largest)) },
    { what: `the list is there, of ${RUNS} runs`, figure: milliseconds(summary(figures.list)) },
    { what: 'from the last key typed to the rows that match', figure: milliseconds(summary(figures.search)) },
    { what: 'a frame while 2000 runs are scrolled past', figure: milliseconds(summary(figures.scroll)) },
    { what: 'scripts, styles and font at first', figure: `${(bytes / 1000).toFixed(0)} kB compressed` },
  ]
}

/** What it gives when it no longer throws. */
async function until(look) {
  for (;;) {
    try {
      return look()
    } catch {
      await sleep(50)
    }
  }
}
