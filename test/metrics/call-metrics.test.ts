import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createCallMetrics } from '../../src/metrics/call-metrics.js'

function metrics() {
  const registry = new Registry()
  return { calls: createCallMetrics(registry), text: () => registry.metrics() }
}

test('requests are counted by what was asked and how it was answered, and timed by verb', async () => {
  const { calls, text } = metrics()
  calls.called({ verb: 'update', resource: 'taskruns/status', code: 200, ms: 3 })
  calls.called({ verb: 'update', resource: 'taskruns/status', code: 200, ms: 30 })
  calls.called({ verb: 'update', resource: 'taskruns/status', code: 409, ms: 3 })
  calls.called({ verb: 'get', resource: 'pods', code: 0, ms: 35_000 })
  const said = await text()
  const counted = (labels: string, count: number) => `tektite_kubernetes_calls_total{${labels}} ${count}\n`
  expect(said).toContain(counted('verb="update",resource="taskruns/status",code="200"', 2))
  expect(said).toContain(counted('verb="update",resource="taskruns/status",code="409"', 1))
  expect(said).toContain(counted('verb="get",resource="pods",code="0"', 1))
  expect(said).toContain('tektite_kubernetes_call_duration_seconds_bucket{le="0.005",verb="update"} 2\n')
  expect(said).toContain('tektite_kubernetes_call_duration_seconds_count{verb="update"} 3\n')
})

test('kinds that templates make are told apart up to a bound', async () => {
  const { calls, text } = metrics()
  for (let n = 0; n < 500; n++) calls.called({ verb: 'create', resource: `kind${n}s`, code: 201, ms: 1 })
  const said = await text()
  expect(said.match(/resource="kind\d+s"/g)).toHaveLength(100)
  expect(said).toContain('resource="other",code="201"} 400\n')
})
