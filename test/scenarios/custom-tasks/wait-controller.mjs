/**
 * A controller of somebody else: serves CustomRuns of `example.dev/v1` `Wait` over nothing but the HTTP API.
 * Usage: node wait-controller.mjs <api> <token>. Ends with the process that started it.
 */
const [api, token] = process.argv.slice(2)
const COLLECTION = `${api}/apis/tekton.dev/v1beta1/namespaces/default/customruns`

const call = async (method, url, body) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return { ok: answer.ok, body: await answer.json() }
}

const succeeded = (status, reason, message) => ({ type: 'Succeeded', status, reason, message })

/** What `run` comes to next; undefined while it waits. */
function nextStatus({ spec, status = {} }) {
  const [condition] = status.conditions ?? []
  const startTime = status.startTime ?? new Date().toISOString()
  const ended = (one, rest = {}) => ({
    ...status,
    startTime,
    completionTime: new Date().toISOString(),
    ...rest,
    conditions: [one],
  })
  if (spec.status === 'RunCancelled') return ended(succeeded('False', 'CustomRunCancelled', spec.statusMessage))
  if (condition === undefined) return { ...status, startTime, conditions: [succeeded('Unknown', 'Running', 'waiting')] }
  const given = Object.fromEntries((spec.params ?? []).map(({ name, value }) => [name, value]))
  if (given.until === 'cancelled') return undefined
  const retriesStatus = status.retriesStatus ?? []
  if (Number(given.failures ?? 0) > retriesStatus.length) {
    if (retriesStatus.length >= (spec.retries ?? 0)) return ended(succeeded('False', 'GaveUp', 'waited in vain'))
    return { ...status, startTime, retriesStatus: [...retriesStatus, { conditions: [condition] }] }
  }
  const results = Object.entries(given).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }))
  results.push(
    { name: 'account', value: spec.serviceAccountName },
    { name: 'attempts', value: `${retriesStatus.length + 1}` },
  )
  const where = (spec.workspaces ?? []).map(({ name, subPath }) => `${name}/${subPath}`).join()
  results.push({ name: 'where', value: where }, { name: 'raw', value: JSON.stringify(spec.customSpec?.spec ?? null) })
  return ended(succeeded('True', 'Succeeded', 'waited'), { results, extraFields: { waited: { long: ['enough'] } } })
}

async function serve(run) {
  const reference = run.spec.customRef ?? run.spec.customSpec
  if (reference.apiVersion !== 'example.dev/v1' || reference.kind !== 'Wait') return
  const [condition] = run.status?.conditions ?? []
  if (condition?.status === 'True' || condition?.status === 'False') return
  const status = nextStatus(run)
  // A conflict means that somebody wrote meanwhile: the next round sees it.
  if (status) await call('PUT', `${COLLECTION}/${run.metadata.name}/status`, { ...run, status })
}

for (;;) {
  const { ok, body } = await call('GET', COLLECTION).catch(() => process.exit(0))
  if (ok) await Promise.all(body.items.map(serve))
  await new Promise(resolve => setTimeout(resolve, 20))
}
