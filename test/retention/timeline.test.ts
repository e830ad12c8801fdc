import { describe, expect, test } from 'vitest'
import type { FinishedRun } from '../../src/retention/finished-run.js'
import {
  KEEP_EVERYTHING,
  type RetentionRules,
  readRetention,
  retentionProblems,
  TTL_KEYS,
  withRetention,
} from '../../src/retention/rules.js'
import { createTimeline } from '../../src/retention/timeline.js'
import { seededRandom } from '../helpers/random.js'

const run = (uid: string, more: Partial<FinishedRun> = {}): FinishedRun => ({
  uid,
  kind: 'PipelineRun',
  namespace: 'ci',
  name: uid,
  resourceVersion: '1',
  of: 'build',
  outcome: 'succeeded',
  endedAt: 0,
  ownTtlMs: undefined,
  ...more,
})

/** What the rules say, asked of all runs. */
function dueNow(runs: readonly FinishedRun[], rules: RetentionRules, now: number): readonly string[] {
  const groupOf = ({ of, outcome }: FinishedRun) => `${of} ${outcome === 'succeeded'}`
  return runs
    .filter(one => {
      const { ownTtlMs, outcome, endedAt, uid } = one
      if (ownTtlMs !== undefined) return endedAt + ownTtlMs <= now
      const seconds = rules.ttlSeconds[outcome]
      if (seconds !== undefined && endedAt + seconds * 1000 <= now) return true
      const most = outcome === 'succeeded' ? rules.keepLast.succeeded : rules.keepLast.failed
      const newer = runs.filter(
        other =>
          groupOf(other) === groupOf(one) &&
          (other.endedAt > endedAt || (other.endedAt === endedAt && other.uid < uid)),
      )
      return most !== undefined && newer.length >= most && endedAt <= now
    })
    .map(({ uid }) => uid)
    .sort()
}

test('however runs come, go and change, what is due is what the rules say', () => {
  const random = seededRandom(7)
  const below = (n: number) => Math.floor(random() * n)
  for (let round = 0; round < 60; round += 1) {
    let rules: RetentionRules = {
      ...KEEP_EVERYTHING,
      ttlSeconds: { succeeded: below(50), failed: [undefined, 20][below(2)], cancelled: 10 },
      keepLast: { succeeded: below(4), failed: [undefined, 2][below(2)] },
    }
    const timeline = createTimeline(() => rules)
    const runs = new Map<string, FinishedRun>()
    for (let step = 0; step < 60; step += 1) {
      const uid = `u${below(30)}`
      if (below(8) === 0) {
        rules = { ...rules, keepLast: { succeeded: below(6), failed: below(6) } }
        timeline.rulesChanged()
      }
      const one = run(uid, {
        of: ['build', 'deploy', ''][below(3)]!,
        outcome: (['succeeded', 'failed', 'cancelled'] as const)[below(3)]!,
        endedAt: below(20) * 1000,
        ownTtlMs: [undefined, undefined, 0, 15_000, Number.POSITIVE_INFINITY][below(5)],
      })
      runs.set(uid, one)
      timeline.put(one)
    }
    const now = 19_000 + below(40_000)
    const found: string[] = []
    for (;;) {
      const due = timeline.takeDue(now, 3)
      if (due.length === 0) break
      found.push(...due.map(({ uid }) => uid))
    }
    const wanted = dueNow([...runs.values()], rules, now)
    // What was beyond when others were still counted may be named besides; it never is what its own word keeps.
    expect(wanted.every(uid => found.includes(uid))).toBe(true)
    for (const uid of found) expect(runs.get(uid)?.ownTtlMs).not.toBe(Number.POSITIVE_INFINITY)
    expect(timeline.next() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now)
  }
})

test('what is gone is not due, and what comes again is', () => {
  const timeline = createTimeline(() => ({
    ...KEEP_EVERYTHING,
    ttlSeconds: { ...KEEP_EVERYTHING.ttlSeconds, succeeded: 5 },
  }))
  timeline.put(run('a'))
  timeline.put(run('b'))
  timeline.remove('a')
  expect(timeline.next()).toBe(5_000)
  expect(timeline.takeDue(4_999, 9)).toEqual([])
  expect(timeline.takeDue(5_000, 9).map(({ uid }) => uid)).toEqual(['b'])
  expect(timeline.takeDue(5_000, 9)).toEqual([])
  timeline.put(run('b', { resourceVersion: '2' }))
  expect(timeline.takeDue(5_000, 9).map(({ resourceVersion }) => resourceVersion)).toEqual(['2'])
})

describe('what is written', () => {
  test.each([
    ['60', 60],
    ['0', 0],
    ['never', Number.POSITIVE_INFINITY],
    ['', undefined],
    ['-1', undefined],
    ['1h', undefined],
    ['1.5', undefined],
    ['99999999999', undefined],
    ['0x10', undefined],
  ])('%s is %s', (text, value) => {
    expect(readRetention(text)).toBe(value)
  })

  test('is held over what held before; failed runs lend their time to cancelled ones', () => {
    const before = withRetention(KEEP_EVERYTHING, { 'ttl-seconds-after-finished': '10', 'keep-last-success': '3' })
    expect(before.ttlSeconds).toEqual({ succeeded: 10, failed: 10, cancelled: 10 })
    const after = withRetention(before, { 'ttl-seconds-after-failure': '20', 'ttl-seconds-after-success': 'never' })
    expect(after.ttlSeconds).toEqual({ succeeded: undefined, failed: 20, cancelled: 20 })
    expect(after.keepLast).toEqual({ succeeded: 3, failed: undefined })
    expect(withRetention(after, { 'ttl-seconds-after-cancel': '5', 'keep-last-success': 'x' })).toEqual({
      ...after,
      ttlSeconds: { ...after.ttlSeconds, cancelled: 5 },
    })
  })

  test.each([
    [{ 'tektite.dev/ttl-seconds-after-success': '1h' }, 'invalid value: "1h"', 'tektite.dev/ttl-seconds-after-success'],
    [{ 'tektite.dev/ttl-seconds-after-sucess': '1' }, 'means nothing here', 'ttl-seconds-after-sucess'],
    [{ 'tektite.dev/keep-last-success': '1' }, 'means nothing here', 'keep-last-success'],
    [{ 'tektite.dev/archive-ttl-seconds': '1' }, 'means nothing here', 'archive-ttl-seconds'],
  ])('on a run as %j is refused by name', (annotations, message, name) => {
    const [problem] = retentionProblems(annotations, 'metadata.annotations', TTL_KEYS)
    expect([problem?.message, problem?.paths[0]]).toEqual([
      expect.stringContaining(message),
      expect.stringContaining(name),
    ])
  })

  test.each([[{ 'tektite.dev/ttl-seconds-after-failure': 'never' }], [{ 'other.dev/ttl-seconds': 'x' }], [undefined]])(
    'as %j is taken',
    annotations => {
      expect(retentionProblems(annotations, 'metadata.annotations', TTL_KEYS)).toEqual([])
    },
  )
})
