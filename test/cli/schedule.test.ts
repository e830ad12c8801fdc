/** `tektite schedule next`, which asks no engine, and the table of `tektite schedule list`. */
import { expect, test } from 'vitest'
import { scheduleTable } from '../../src/cli/print/schedules.js'
import { createStyle } from '../../src/cli/print/style.js'
import type { Schedule } from '../../src/resources/schedules.js'
import { tektite } from '../helpers/cli.js'

const next = (...args: readonly string[]) => tektite(['schedule', 'next', ...args])

test('the next times, as the clocks of the zone show them', async () => {
  const { code, stdout } = await next(
    '0 6,18 * * *',
    '--zone',
    'Europe/Berlin',
    '-n',
    '3',
    '--from',
    '2026-10-24T12:00:00Z',
  )
  expect(stdout.replaceAll(/ {2}(in )?\w+( ago)?\n/g, '\n')).toBe(
    '2026-10-24T18:00:00+02:00  Sat\n2026-10-25T06:00:00+01:00  Sun\n2026-10-25T18:00:00+01:00  Sun\n',
  )
  expect(code).toBe(0)
})

test('several texts fire together; UTC unless told', async () => {
  const { stdout } = await next('@daily', '0 */12 * * *', '-n', '3', '--from', '2030-01-01T00:00:00Z')
  expect(stdout.split('\n').map(line => line.slice(0, 20))).toEqual([
    '2030-01-01T12:00:00Z',
    '2030-01-02T00:00:00Z',
    '2030-01-02T12:00:00Z',
    '',
  ])
})

test('H is that of the schedule that is named', async () => {
  const [a, b, again] = await Promise.all(['ci/a', 'ci/b', 'ci/a'].map(owner => next('H H * * *', '--for', owner)))
  expect(a?.stdout).toBe(again?.stdout)
  expect(a?.stdout).not.toBe(b?.stdout)
})

test('what is wrong is told with a way out', async () => {
  const { code, stdout, stderr } = await next('0 0 30 2 *', '@every 5m', '--zone', 'Mars/Olympus')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /^error: "0 0 30 2 \*": no day is like that, so it would never fire\n {2}.+\nerror: "@every 5m": @every 5m is no name\n {2}write an interval as a step.+\nerror: "Mars\/Olympus": no such time zone\n {2}.+\n$/,
  )
})

test('a time that is none is told', async () => {
  const { code, stderr } = await next('@daily', '--from', 'tomorrow')
  expect(code).toBe(2)
  expect(stderr).toContain('It must be a time such as 2026-03-29T00:00:00Z.')
})

test('the table shows what a schedule did and will do, and what is wrong with it', () => {
  const schedule = (name: string, spec: object, status?: object): Schedule =>
    ({
      apiVersion: 'tektite.dev/v1alpha1',
      kind: 'Schedule',
      metadata: { name, namespace: 'ci', uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { template: { ref: 'build' }, ...spec },
      ...(status && { status }),
    }) as Schedule
  const ready = { type: 'Ready', status: 'True', reason: 'Scheduled', message: '' }
  const missed = {
    type: 'SlotsMissed',
    status: 'True',
    reason: 'NotFired',
    message: 'not fired: one',
    lastTransitionTime: '2026-01-09T12:00:00Z',
  }
  const items = [
    schedule(
      'nightly',
      { schedule: '0 6 * * *', timeZone: 'Asia/Kolkata' },
      {
        lastScheduleTime: '2026-01-10T00:30:00Z',
        nextScheduleTimes: ['2026-01-11T00:30:00Z'],
        active: [{}],
        conditions: [ready, missed],
      },
    ),
    schedule('paused', { schedules: ['@daily', '@weekly'], suspend: true }, { conditions: [ready] }),
    schedule('new\u001b[31m', { schedule: '@daily' }),
  ]
  expect(scheduleTable(items, { now: Date.parse('2026-01-10T00:31:00Z'), style: createStyle(false) })).toBe(
    [
      'SCHEDULE        TIMES             ZONE          LAST     NEXT                                RUNS  STATE',
      'ci/nightly      0 6 * * *         Asia/Kolkata  60s ago  2026-01-11T06:00:00+05:30 (in 24h)  1     ready; not fired: one',
      'ci/paused       @daily | @weekly  UTC           -        -                                   0     suspended',
      'ci/new\\x1b[31m  @daily            UTC           -        -                                   0     not seen yet',
      '',
    ].join('\n'),
  )
})
