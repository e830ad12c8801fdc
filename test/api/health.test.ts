/** What probes ask. */
import { expect, test } from 'vitest'
import { healthAt } from '../../src/api/health.js'
import { targetOf } from '../../src/api/request.js'
import { cases } from '../helpers/cases.js'
import { serveApi } from './world.js'

test.each(
  cases({
    '/livez': { code: 200, text: 'ok' },
    '/readyz': { code: 200, text: 'ok' },
    '/healthz': { code: 200, text: 'ok' },
    '/readyz/ping': { code: 200, text: 'ok' },
    '/readyz?verbose': { code: 200, text: '[+]ping ok\n[+]shutdown ok\nreadyz check passed\n' },
    '/livez?verbose=true': { code: 200, text: '[+]ping ok\nlivez check passed\n' },
    '/livez/nothing': undefined,
    '/livezz': undefined,
    '/api/livez': undefined,
  }),
)('%s', (path, health) => {
  expect(healthAt(targetOf({ url: path }), false)).toEqual(health)
})

test('one that stops lives, and is not ready', () => {
  const at = (path: string) => healthAt(targetOf({ url: path }), true)
  expect(at('/livez')?.code).toBe(200)
  expect(at('/readyz')).toEqual({
    code: 500,
    text: '[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
  })
})

test('no token is needed, and nothing else answers without one', async () => {
  const { call } = await serveApi()
  const codes = ['/livez', '/readyz?verbose', '/readyz/shutdown', '/readyz/..%2fapi', '/livez/../api'].map(
    async path => (await call('GET', path, { authorization: '' })).status,
  )
  expect(await Promise.all(codes)).toEqual([200, 200, 200, 401, 401])
})
