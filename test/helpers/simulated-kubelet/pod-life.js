// One Pod from its binding to its end, as a scheduler, a kubelet and the entrypoints in its containers would take it there.
import { entrypointEnd, entrypointFlags } from './entrypoint.js'
import { NODE, podStatus } from './pod-status.js'
import { CUT, createSurroundings } from './surroundings.js'

const NOP_IMAGE = 'tektite.dev/nop'
const READY = 'tekton.dev/ready'
const CANCEL = 'tekton.dev/cancel'
/** Of a process that was told to stop, and of one that had to be. */
const SIGTERMED = 143
const SIGKILLED = 137
/** Between two looks at something that nobody tells us of. */
const ASK_AGAIN_MS = 10
const UNKNOWN = {
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}

/**
 * @param deps `cluster`, `log`, `ledger`, `now`, `writes` (`every` | `few` | `one`), `stepMs`, `plan` (of this Pod)
 * @returns `{ update, close, done }`; `done` never rejects
 */
export function livePod(first, deps) {
  const { ledger, now, writes, stepMs, plan = {} } = deps
  const time = () => new Date(now() + (plan.clockOffsetMs ?? 0)).toISOString()
  const seconds = text => `${text.slice(0, 19)}Z`
  const seen = { containers: new Map(), ready: new Set(), startTime: first.status?.startTime ?? seconds(time()) }
  const statusNow = pod => podStatus(pod, seen, seconds(time()))
  const around = createSurroundings(first, { ...deps, statusNow })
  const { until, publish, beside } = around
  const { uid } = first.metadata
  const steps = first.spec.containers.flatMap(container => {
    const flags = entrypointFlags(container)
    return flags ? [{ name: container.name, flags, ...stepPlan(container.name) }] : []
  })
  const attended = first.spec.containers.filter(({ name }) => !name.startsWith('step-'))
  const results = { ofTask: new Map(), ofStep: new Map() }
  /** The step whose command runs now. */
  let current
  /** The steps to come wait for a file that nobody writes. */
  let isStranded = false

  function stepPlan(name) {
    return plan.steps?.[name.slice('step-'.length)] ?? {}
  }

  const isRunning = name => seen.containers.get(name)?.running !== undefined
  const annotated = key => Boolean(around.pod.metadata.annotations?.[key])
  const start = name => seen.containers.set(name, { running: { startedAt: seconds(time()) } })

  const end = (name, exitCode, { reason, message, startedAt } = {}) => {
    const began = startedAt ?? seen.containers.get(name)?.running?.startedAt ?? seconds(time())
    const terminated = {
      exitCode,
      reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message && { message }),
      startedAt: began,
      finishedAt: seconds(time()),
    }
    seen.containers.set(name, { terminated })
    seen.ready.delete(name)
  }

  /** In the order in which things come; every line may be the last one. */
  const live = async () => {
    adopt()
    const begun = seen.containers.size > 0
    if (!begun) {
      await beScheduled()
      if (await interrupted('bound')) return
      await wait()
    }
    await runInitContainers()
    for (const { name, image } of first.spec.containers) {
      const state = seen.containers.get(name)
      if ((state?.waiting || !state) && image !== NOP_IMAGE) begin(name)
    }
    for (const { name } of attended) beside(() => attend(name))
    if (writes !== 'one' || attended.length > 0 || !annotated(READY)) await publish()
    for (const step of steps) {
      if (seen.containers.get(step.name)?.terminated && !step.neverStarts && !step.killed) continue
      if (await runStep(step)) return
    }
    if (await interrupted('done')) return
    await endNative()
    // Somebody has to see that the steps are done, or nobody would ask the sidecars to stop.
    if (attended.length > 0) await publish()
    await until(() => attended.every(({ name }) => !isRunning(name)))
    await publish()
  }

  /** What a kubelet before this one has seen of it, and what its containers did meanwhile. */
  function adopt() {
    const { initContainerStatuses = [], containerStatuses = [] } = first.status ?? {}
    for (const { name, state, ready } of [...initContainerStatuses, ...containerStatuses]) {
      if (state.waiting) continue
      seen.containers.set(name, state)
      if (ready) seen.ready.add(name)
    }
    if (ledger.notedBefore(uid).size > 0) {
      for (const { name, restartPolicy } of first.spec.initContainers ?? []) {
        if (seen.containers.has(name)) continue
        start(name)
        if (restartPolicy !== 'Always') end(name, 0)
      }
      for (const { name } of first.spec.containers) if (!seen.containers.has(name)) begin(name)
    }
    for (const step of steps) {
      // Without a ledger nobody knows what became of it, and it must not run again. The words are the kubelet's.
      if (!ledger.remembers && isRunning(step.name)) end(step.name, SIGKILLED, UNKNOWN)
      step.skipsTheRest = (seen.containers.get(step.name)?.terminated?.exitCode ?? 0) !== 0
    }
  }

  async function beScheduled() {
    const { unschedulable } = plan
    if (unschedulable) {
      seen.unschedulable = unschedulable.message
      await publish()
      await until(() => false, unschedulable.ms)
      delete seen.unschedulable
    }
    if (writes !== 'every') return
    await around.replace(pod => ({ ...pod, spec: { ...pod.spec, nodeName: NODE } }))
    await publish()
  }

  /** One word after the other of a container that cannot be started yet. */
  async function wait() {
    for (const { container, reason, message, ms, lasts } of plan.waiting ?? []) {
      const name = container ?? first.spec.containers[0].name
      seen.containers.set(name, { waiting: { reason, ...(message && { message }) } })
      await publish()
      if (lasts === undefined) await until(() => false, ms)
      else while (lasts()) await until(() => false, ASK_AGAIN_MS)
      seen.containers.delete(name)
    }
  }

  async function runInitContainers() {
    for (const { name, restartPolicy } of first.spec.initContainers ?? []) {
      const { exitCode = 0, ms = 0, ...how } = plan.initContainers?.[name] ?? {}
      if (seen.containers.get(name)?.terminated) continue
      start(name)
      if (restartPolicy === 'Always') {
        seen.ready.add(name)
        beside(() => attend(name))
        continue
      }
      if (writes === 'every') await publish()
      await until(() => false, ms)
      end(name, exitCode, how)
      if (exitCode === 0) continue
      await publish()
      throw CUT.gone
    }
  }

  function begin(name) {
    const { neverStarts, exitCode = 128, reason = 'StartError', message } = stepPlan(name)
    start(name)
    if (!neverStarts) seen.ready.add(name)
    else end(name, exitCode, { reason, message, startedAt: '1970-01-01T00:00:00Z' })
    if (!name.startsWith('step-')) seen.ready.delete(name)
  }

  /** A sidecar: becomes ready, ends when it is asked to or by itself. */
  async function attend(name) {
    const { readyMs = 0, ends } = plan.sidecars?.[name.replace(/^sidecar-/, '')] ?? {}
    const asked = () => around.pod.spec.containers.some(one => one.name === name && one.image === NOP_IMAGE)
    const { terminated } = seen.containers.get(name) ?? {}
    if (terminated) return
    if (readyMs !== 'never' && !seen.ready.has(name)) {
      await until(asked, readyMs)
      if (!asked()) seen.ready.add(name)
      if (readyMs > 0) await publish()
    }
    await until(() => asked() || !isRunning(name), ends?.ms ?? (ends ? 0 : undefined))
    if (!isRunning(name)) return
    if (asked()) end(name, SIGTERMED)
    else end(name, ends.exitCode, ends)
    await publish()
  }

  /** Resolves to whether the Pod's life ends here. */
  async function runStep(step) {
    const { name, flags } = step
    const cancelled = () => annotated(CANCEL)
    // No entrypoint came to its end in it.
    if (seen.containers.get(name)?.terminated) {
      isStranded = true
      return false
    }
    if (isStranded) {
      await until(cancelled)
      return finish(step, { is: 'cancelled' })
    }
    const noted = ledger.notedBefore(uid).get(name)
    const skipped = steps.some(other => other.skipsTheRest && steps.indexOf(other) < steps.indexOf(step))
    if (skipped) return finish(step, { is: 'skipped' })
    if (noted === undefined && flags.waitFile?.startsWith('/tekton/downward/')) {
      await until(() => annotated(READY) || cancelled())
    }
    if (cancelled() && noted === undefined) return finish(step, { is: 'cancelled' })
    const startedAt = noted?.start ?? time()
    if (noted === undefined) ledger.note(first, name, 'start', startedAt)
    current = { ...step, startedAt }
    if (await interrupted(name)) return true
    const wanted = step.ms ?? stepMs
    const late = flags.timeoutMs > 0 && wanted > flags.timeoutMs
    if (noted?.end === undefined) {
      await until(cancelled, late ? flags.timeoutMs : wanted)
      ledger.note(first, name, 'end', time())
    }
    current = undefined
    leaveResults(step)
    const { exitCode = 0, reason, message } = step
    if (step.killed) {
      // Process 1 was killed: no message and no file for the next step.
      end(name, exitCode, { reason, message })
      isStranded = true
      await publish()
      return false
    }
    const outcome = cancelled() ? 'cancelled' : late ? 'timeout' : 'ended'
    return finish(step, { is: outcome, exitCode }, startedAt)
  }

  function leaveResults({ name, results: planned, stepResults, flags }) {
    const isFirst = name === steps[0]?.name
    const standard = isFirst && plan.results === undefined ? Object.fromEntries(flags.taskResults.map(n => [n, n])) : {}
    for (const [key, value] of Object.entries({ ...standard, ...(isFirst && plan.results), ...planned })) {
      results.ofTask.set(key, value)
    }
    results.ofStep = new Map(flags.stepResults.map(key => [key, stepResults?.[key] ?? key]))
  }

  async function finish(step, outcome, startedAt = time()) {
    const done = entrypointEnd(step.flags, outcome, startedAt, results)
    step.skipsTheRest = !done.nextMayRun
    end(step.name, done.exitCode, { reason: step.reason, message: done.message })
    if (writes === 'every' || step.reason) await publish()
    return false
  }

  async function endNative() {
    for (const { name } of [...(first.spec.initContainers ?? [])].reverse()) if (isRunning(name)) end(name, SIGTERMED)
  }

  async function forever() {
    await until(() => false)
    return true
  }

  /** Something that befalls the Pod at this point, see the types. Resolves to whether nothing comes after it. */
  async function interrupted(at) {
    const { interruption } = plan
    if (interruption === undefined || (interruption.at !== at && `step-${interruption.at}` !== at)) return false
    await until(() => false, interruption.afterMs ?? 0)
    const { then } = interruption
    if (then.is === 'silence') throw CUT.gone
    if (then.is === 'deleted') {
      if (then.conditions) {
        seen.over = { conditions: then.conditions }
        await publish()
      }
      await around.remove(then.graceSeconds)
    }
    if (then.is === 'over') {
      if (then.containers === 'killed') stopAll(SIGKILLED)
      if (then.containers === 'none') seen.containers.clear()
      seen.over = then.status
      seen.isEmpty = then.containers === 'none'
      await publish()
      throw CUT.gone
    }
    return forever()
  }

  function stopAll(exitCode) {
    if (current) ledger.note(first, current.name, 'end', time())
    current = undefined
    for (const [name, { running }] of seen.containers) if (running) end(name, exitCode)
  }

  /** Its containers have their grace, then the object goes. */
  async function stop() {
    around.isStopping = true
    if (plan.outlivesDeletion) await until(() => false)
    const { deletionGracePeriodSeconds = 30 } = around.pod.metadata
    const isOver = ['Succeeded', 'Failed'].includes(around.pod.status?.phase)
    if (plan.ignoresSigterm && current) await until(() => false, deletionGracePeriodSeconds * 1000)
    stopAll(plan.ignoresSigterm ? SIGKILLED : SIGTERMED)
    if (!isOver) {
      const hasEnded = first.spec.containers.every(({ name }) => seen.containers.get(name)?.terminated)
      if (!hasEnded) seen.over = { phase: 'Failed', ...seen.over }
      await publish()
    }
    await around.remove(0)
  }

  const whole = async () => {
    const { phase } = first.status ?? {}
    try {
      if (phase !== 'Succeeded' && phase !== 'Failed') await live()
      if (around.pod.metadata.deletionTimestamp !== undefined) throw CUT.deleted
    } catch (thrown) {
      if (thrown !== CUT.deleted) throw thrown
      await stop()
    }
  }

  let isOver = false
  const done = whole()
    .catch(thrown => {
      if (!Object.values(CUT).includes(thrown)) deps.log(`simulated kubelet: ${first.metadata.name}: ${thrown?.stack}`)
    })
    .finally(() => {
      isOver = true
    })
  return {
    update: around.update,
    async leave() {
      if (!isOver) await around.leave()
      await done
    },
    async close() {
      around.isClosed = true
      around.changed()
      await done
    },
    done,
  }
}
