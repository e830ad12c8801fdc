/**
 * The pictures of the dashboard in docs/screenshots: a live engine, a small world in it, and a browser that looks at each
 * page in light and dark, on a wide screen and on a phone. `npm run build` first.
 */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { parseAllDocuments } from 'yaml'
import { apiVersionOf, KINDS } from '../dist/src/resources/kinds.js'
import { ROOT } from './prepare.js'

const OUT = join(ROOT, 'docs/screenshots')
const WORLD = join(ROOT, 'scripts/screenshots/world.yaml')
/** Of the pushes, in their order; one on a branch that no trigger asks for, one whose tests fail. */
const PUSHES = [
  ['main', 'Totals are computed once'],
  ['main', 'Fewer queries on the start page'],
  ['topic/islands', 'Ship to islands'],
  ['main', 'Checkout keeps the cart'],
  ['main', 'Mend rounding of totals'],
  ['main', 'Cache the catalogue'],
]
const LOOKS = ['light', 'dark'].flatMap(theme => [
  { theme, width: 1440, height: 790 },
  { theme, width: 390, height: 844 },
])

const folder = mkdtempSync(join(tmpdir(), 'tektite-screenshots-'))
const engine = spawn(
  process.execPath,
  [join(ROOT, 'bin/tektite.js'), 'up', '--data', folder, '--port', '0', '--hooks-port', '0'],
  { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, TEKTITE_LOG_LEVEL: 'error' } },
)
try {
  const { api, hooks } = await until(() => JSON.parse(readFileSync(join(folder, 'addresses.json'), 'utf8')))
  const call = callerOf(api, readFileSync(join(folder, 'token'), 'utf8').trim())
  await fill(call, hooks)
  await look(api, readFileSync(join(folder, 'token'), 'utf8').trim(), await pages(call))
} finally {
  const ended = once(engine, 'close')
  engine.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}

async function fill(call, hooks) {
  for (const document of parseAllDocuments(readFileSync(WORLD, 'utf8'))) {
    const object = document.toJS()
    await call('POST', pathOf(object.kind), object)
  }
  for (const name of ['nightly-hcx4w', 'nightly-p7k2m']) await start(call, name, 'nightly')
  await ended(call)
  for (const [index, [branch, message]] of PUSHES.entries()) {
    await push(hooks, index, branch, message)
    await sleep(900)
  }
  await push(hooks, 99, 'main', 'Nobody has signed this', 'another secret')
  await ended(call)
  await start(call, 'load-test-jd5sv', 'load-test')
  // One that is under way, with some of it done.
  await push(hooks, 7, 'main', 'Prices with tax')
  await sleep(3_500)
}

/** What is looked at, with what says that it is there. */
async function pages(call) {
  const { items } = await call('GET', '/apis/tektite.dev/v1alpha1/runs?pipeline=release')
  const failed = items.find(({ status }) => status === 'failed')
  const good = items.find(({ status }) => status === 'succeeded')
  return [
    ['runs', '/runs', '.run-rows a'],
    ['run', `/runs/default/${good.uid}?task=package&tab=values`, '.react-flow__node'],
    ['failed', `/runs/default/${failed.uid}`, '.log-row'],
    ['logs', `/runs/default/${failed.uid}?task=unit-test&step=test`, '.log-row', '.log'],
    ['pipelines', '/pipelines', 'main [data-row]'],
    ['pipeline', '/pipelines/default/release', '.react-flow__node'],
    ['deliveries', '/deliveries', 'main [data-row]'],
    ['schedules', '/schedules', 'main [data-row]'],
    ['queue', '/queue', 'main h2'],
  ]
}

async function look(api, token, pages) {
  mkdirSync(OUT, { recursive: true })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  for (const { theme, width, height } of LOOKS) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme })
    const page = await context.newPage()
    await page.addInitScript(`sessionStorage.setItem('tektite.token', ${JSON.stringify(token)})`)
    for (const [name, path, there, shown] of pages) {
      await page.goto(`${api}/dashboard${path}`)
      await page.locator(there).first().waitFor()
      await page.evaluate('document.fonts.ready')
      if (shown !== undefined)
        await page.locator(shown).evaluate(element => element.scrollIntoView({ block: 'center' }))
      // What fades in and what is drawn a moment later, such as a graph that is fitted.
      await sleep(700)
      const file = join(OUT, `${name}-${theme}-${width}.png`)
      await page.screenshot({ path: file })
      console.log(file)
    }
    await context.close()
  }
  await browser.close()
}

async function push(hooks, index, branch, message, secret = 'for-screenshots-only') {
  const after = createHmac('sha1', message).update('commit').digest('hex')
  const body = JSON.stringify({
    ref: `refs/heads/${branch}`,
    after,
    head_commit: { id: after, message },
    repository: { full_name: 'acme/shop' },
    sender: { login: 'octocat' },
  })
  const proof = createHmac('sha256', secret).update(body).digest('hex')
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': `5b1d0a3e-0000-4000-8000-0000000000${String(index).padStart(2, '0')}`,
    'x-hub-signature-256': `sha256=${proof}`,
  }
  await fetch(`${hooks}/hooks/default/shop`, { method: 'POST', headers, body })
}

function start(call, name, pipeline) {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name },
    spec: { pipelineRef: { name: pipeline } },
  }
  return call('POST', pathOf('PipelineRun'), run)
}

function ended(call) {
  return until(async () => {
    const { counts } = await call('GET', '/apis/tektite.dev/v1alpha1/runs?limit=1')
    return counts.running + counts.queued + counts.pending === 0 && counts.succeeded > 0
  })
}

function pathOf(kind) {
  const version = apiVersionOf(kind)
  return `/${version.includes('/') ? 'apis' : 'api'}/${version}/namespaces/default/${KINDS[kind].plural}`
}

function callerOf(api, token) {
  return async (method, path, body) => {
    const answer = await fetch(api + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const found = await answer.json()
    if (!answer.ok) throw new Error(`${method} ${path}: ${found.message}`)
    return found
  }
}

/** What `look` gives when it gives something; what it throws is for another try. */
async function until(look) {
  for (let tries = 0; ; tries += 1) {
    const found = await Promise.resolve()
      .then(look)
      .catch(error => {
        if (tries > 600) throw error
      })
    if (found) return found
    if (tries > 600) throw new Error('waited for a minute')
    await sleep(100)
  }
}
