/** The dashboard as the API server gives it out. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { browserOfFile } from '../helpers/browser.js'
import { ROOT } from '../helpers/cli.js'
import { engineOfFile } from '../helpers/engine.js'

const engine = engineOfFile('dashboard')
const open = browserOfFile()

test('its pages need no token, say what they may do, and are sent small', async () => {
  const answer = await fetch(`${engine.api}/dashboard/runs/default/some-run`)
  expect(answer.status).toBe(200)
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*/)
  const script = /src="([^"]+)"/.exec(await answer.text())?.[1]
  const sent = await fetch(`${engine.api}${script}`, { headers: { 'accept-encoding': 'br' } })
  expect([sent.status, sent.headers.get('content-encoding')]).toEqual([200, 'br'])
  expect(sent.headers.get('cache-control')).toContain('immutable')
})

test('what is sent small is the same', () => {
  const folder = join(ROOT, 'dist/ui')
  const compressed = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.br'))
  expect(compressed.length).toBeGreaterThan(2)
  for (const name of compressed) {
    const file = join(folder, name)
    expect([name, brotliDecompressSync(readFileSync(file)).equals(readFileSync(file.slice(0, -3)))]).toEqual([
      name,
      true,
    ])
  }
})

test.each([
  ['/', { accept: 'text/html' }, 302],
  ['/dashboard', {}, 302],
  ['/dashboard/assets/none.js', {}, 404],
  ['/dashboard/../../package.json', {}, 401],
  ['/dashboard/%2e%2e/%2e%2e/package.json', {}, 401],
  ['/dashboard/..%2f..%2fpackage.json', {}, 200],
  ['/', {}, 401],
] as const)('%s with %j is answered with %i', async (path, headers, code) => {
  expect((await fetch(engine.api + path, { headers, redirect: 'manual' })).status).toBe(code)
})

test('one signs in with a token, or with the address that brings it, which then forgets it', async () => {
  const { page, complaints } = await open()
  await page.goto(`${engine.api}/dashboard/`)
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').filter({ hasText: 'not known' }).waitFor()
  await page.getByLabel('Token').fill(engine.token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  const other = await open()
  await other.page.goto(`${engine.api}/dashboard/#token=${engine.token}`)
  await other.page.getByRole('heading', { name: 'Runs' }).waitFor()
  expect(other.page.url()).not.toContain(engine.token)
  expect([...complaints.filter(each => !each.includes('401')), ...other.complaints]).toEqual([])
})
