import { expect, test } from 'vitest'
import type { WatchSign } from '../../src/cluster/kubernetes/signs.js'
import { apiServerProblem, silenceProblem, takingProblem, watchProblem } from '../../src/process/checks.js'
import { answerHealth } from '../../src/process/health.js'
import type { WorkerSigns } from '../../src/redis/bullmq.js'

const NOW = 1_000_000

function worker(signs: Partial<WorkerSigns> = {}): WorkerSigns {
  return { tookAt: NOW - 2_000, isFull: false, replacedInVain: 0, trouble: undefined, ...signs }
}

test.each([
  ['it took something a moment ago', [worker()], undefined],
  ['nothing is started', [], 'not started'],
  ['it is new', [worker({ tookAt: undefined })], 'has taken nothing yet'],
  ['it takes nothing', [worker({ tookAt: NOW - 60_000 })], 'has taken nothing for 60 s'],
  ['it works on all that it may', [worker({ tookAt: NOW - 60_000, isFull: true })], undefined],
  [
    'Redis takes nothing',
    [worker({ tookAt: NOW - 60_000, trouble: 'OOM command not allowed' })],
    'has taken nothing for 60 s: OOM command not allowed',
  ],
  ['one of two takes nothing', [worker(), worker({ tookAt: NOW - 30_000 })], 'has taken nothing for 30 s'],
])('taking, when %s', (_, workers, problem) => {
  expect(takingProblem(workers, NOW)).toBe(problem)
})

test.each([
  ['it was never replaced', worker(), undefined],
  ['it was replaced once in vain', worker({ replacedInVain: 1 }), undefined],
  ['it was replaced again', worker({ replacedInVain: 2 }), 'the queue worker was replaced 3 times and takes nothing'],
  [
    'Redis refuses, which it will for a new process, too',
    worker({ replacedInVain: 5, trouble: 'READONLY' }),
    undefined,
  ],
])('a restart mends it, when %s', (_, signs, problem) => {
  expect(silenceProblem([signs])).toBe(problem)
})

test.each([
  ['it has answered', NOW - 14_000, undefined],
  ['it has not answered for long', NOW - 21_000, 'no answer for 21 s'],
  ['it never has', undefined, 'no answer yet'],
])('the API server, when %s', (_, answeredAt, problem) => {
  expect(apiServerProblem({ answeredAt, watches: [] }, NOW)).toBe(problem)
})

function watching(sign: Partial<WatchSign> = {}): WatchSign {
  return { resource: 'pods', isListed: true, heardAt: NOW - 60_000, interruptedAt: undefined, ...sign }
}

test.each([
  ['it is quiet', watching(), undefined],
  ['it is not listed', watching({ isListed: false }), 'pods: not listed yet'],
  ['it was cut just now', watching({ interruptedAt: NOW - 5_000 }), undefined],
  ['it cannot be had again', watching({ interruptedAt: NOW - 31_000 }), 'pods: interrupted for 31 s'],
  ['it says nothing at all', watching({ heardAt: NOW - 200_000 }), 'pods: nothing heard for 200 s'],
])('a watch, when %s', (_, sign, problem) => {
  expect(watchProblem({ answeredAt: NOW, watches: [watching({ resource: 'taskruns' }), sign] }, NOW)).toBe(problem)
})

const CHECKS = {
  livez: [{ name: 'ping', problem: () => undefined }],
  readyz: [
    { name: 'ping', problem: () => undefined },
    { name: 'queue', problem: () => 'has taken nothing yet' },
  ],
}

test.each([
  ['/livez', false, 200, 'ok'],
  ['/livez', true, 200, '[+]ping ok\nlivez check passed\n'],
  ['/readyz', false, 500, '[+]ping ok\n[-]queue failed: has taken nothing yet\nreadyz check failed\n'],
  ['/readyz/ping', false, 200, 'ok'],
  ['/readyz/queue', true, 500, '[-]queue failed: has taken nothing yet\nreadyz check failed\n'],
])('%s (verbose: %s) answers %i', (path, isVerbose, code, text) => {
  expect(answerHealth(CHECKS, path, isVerbose)).toEqual({ code, text })
})

test.each(['/readyz/nothing', '/healthz', '/livez/ping/more', '/'])('%s is nothing', path => {
  expect(answerHealth(CHECKS, path, false)).toBeUndefined()
})
