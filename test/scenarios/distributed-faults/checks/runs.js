/** I1, I2, I3 and I5: what became of each delivery, and what its steps did. Each check is a function from records to violations. */
import { grouped, historyOf } from '../records.js'

/** I1: every acknowledged delivery is one run that ended as it had to. */
export function noLoss({ requests, events, final, shapes }) {
  const acknowledged = new Map(requests.filter(({ status }) => status === 202).map(each => [each.id, each.pipeline]))
  const sent = new Set(requests.map(({ id }) => id))
  const runs = historyOf(events)
    .ofKind('PipelineRun')
    .filter(([first]) => first.delivery)
  const byDelivery = grouped(runs, ([first]) => first.delivery)
  const now = new Map(final.map(each => [each.uid, each]))
  const problems = []
  for (const [id, pipeline] of acknowledged) {
    const [made, ...more] = byDelivery.get(id) ?? []
    if (made === undefined) problems.push(`delivery ${id} was acknowledged and has no run`)
    for (const [other] of more) problems.push(`delivery ${id} has a second run, ${other.name}`)
    if (made === undefined) continue
    const run = now.get(made[0].uid)
    if (run === undefined) problems.push(`run ${made[0].name} of delivery ${id} is gone`)
    else if (run.pipeline !== pipeline) problems.push(`run ${run.name} runs ${run.pipeline}, not ${pipeline}`)
    else problems.push(...wrongEnd(run, shapes[pipeline]))
  }
  for (const id of byDelivery.keys()) if (!sent.has(id)) problems.push(`delivery ${id} has a run and was never sent`)
  return problems
}

function wrongEnd(run, { succeeds, results }) {
  if (run.succeeded !== 'True' && run.succeeded !== 'False') return [`run ${run.name} never ended`]
  if (run.asked !== undefined) return []
  const problems = []
  if ((run.succeeded === 'True') !== succeeds)
    problems.push(`run ${run.name} ended as ${run.succeeded} (${run.reason})`)
  const wanted = JSON.stringify(results?.(run.delivery) ?? {})
  const got = JSON.stringify(run.results ?? {})
  if (wanted !== got) problems.push(`run ${run.name} has the results ${got}, not ${wanted}`)
  return problems
}

/** I2: no step is started twice in one attempt, no delivery makes two runs, no task of a run two TaskRuns. */
export function noDoubleRun({ steps, events }) {
  const problems = []
  const starts = steps.filter(({ mark }) => mark === 'start')
  for (const [key, lines] of grouped(
    starts,
    ({ taskRun, attempt, step }) => `${taskRun} attempt ${attempt} step ${step}`,
  )) {
    if (lines.length > 1) problems.push(`${key} was started ${lines.length} times`)
  }
  const history = historyOf(events)
  for (const [id, runs] of grouped(history.ofKind('PipelineRun'), ([first]) => first.delivery)) {
    if (id !== undefined && runs.length > 1) problems.push(`delivery ${id} made ${runs.length} runs`)
  }
  for (const [key, runs] of grouped(history.ofKind('TaskRun'), ([first]) => `${first.ownerName} task ${first.task}`)) {
    if (runs.length > 1) problems.push(`${key} has ${runs.length} TaskRuns`)
  }
  return problems
}

/** I3: one Pod for each attempt of a TaskRun, and none that goes on when its TaskRun has ended. */
export function onePodPerAttempt({ events, final }) {
  const problems = []
  const history = historyOf(events)
  const pods = history.ofKind('Pod')
  for (const [key, same] of grouped(pods, ([first]) => `${first.owner} ${first.name}`)) {
    if (same.length > 1) problems.push(`${key} was made ${same.length} times`)
  }
  const now = new Map(final.map(each => [each.uid, each]))
  for (const [owner, theirs] of grouped(pods, ([first]) => first.owner)) {
    const taskRun = now.get(owner) ?? history.byUid.get(owner)?.at(-1)
    if (taskRun === undefined) problems.push(`Pod ${theirs[0][0].name} belongs to no TaskRun`)
    else if (theirs.length > (taskRun.retries ?? 0) + 1) {
      problems.push(`TaskRun ${taskRun.name} has ${theirs.length} Pods and ${taskRun.retries ?? 0} retries`)
    }
  }
  for (const pod of final.filter(({ kind }) => kind === 'Pod')) {
    const owner = now.get(pod.owner)
    const goesOn = pod.phase === 'Pending' || pod.phase === 'Running'
    if (goesOn && owner?.succeeded !== 'Unknown')
      problems.push(`Pod ${pod.name} is ${pod.phase} and its TaskRun is over`)
  }
  return problems
}

/** I5: tasks and steps in their order, each that must run and none that must not. Runs that were cancelled may stop anywhere. */
export function inOrder({ steps, events, final, shapes }) {
  const problems = []
  const history = historyOf(events)
  const taskOf = new Map(history.ofKind('TaskRun').map(([first]) => [first.name, first.task]))
  const byRun = grouped(steps, ({ run }) => run)
  for (const run of final.filter(({ kind, delivery }) => kind === 'PipelineRun' && delivery)) {
    const shape = shapes[run.pipeline]
    if (shape === undefined) continue
    const byTask = grouped(byRun.get(run.uid) ?? [], ({ taskRun }) => taskOf.get(taskRun))
    for (const [task, lines] of byTask) {
      const wanted = shape.tasks[task]
      if (wanted === undefined) problems.push(`${run.name}: task ${task} must not have run`)
      else problems.push(...stepsOutOfOrder(`${run.name} ${task}`, lines, wanted, run.asked !== undefined))
    }
    if (run.asked === undefined) {
      for (const task of Object.keys(shape.tasks))
        if (!byTask.has(task)) problems.push(`${run.name}: task ${task} never ran`)
    }
    problems.push(...tasksOutOfOrder(run.name, byTask, shape))
  }
  return problems
}

function stepsOutOfOrder(what, lines, { steps: wanted, attempts = 1, timeoutMs }, mayStop) {
  const problems = []
  const byAttempt = grouped(lines, ({ attempt }) => attempt)
  if (!mayStop && byAttempt.size !== attempts) problems.push(`${what}: ${byAttempt.size} attempts, not ${attempts}`)
  for (const [attempt, own] of byAttempt) {
    const marks = own.map(({ step, mark }) => `${step} ${mark}`)
    // A step that was killed has no end.
    const expected = wanted.flatMap(step => [`${step} start`, `${step} end`])
    const isWhole =
      marks.length === expected.length || (timeoutMs !== undefined && marks.length === expected.length - 1)
    if (marks.some((mark, at) => mark !== expected[at]) || (!mayStop && !isWhole)) {
      problems.push(`${what} attempt ${attempt}: ${marks.join(', ')}`)
    }
  }
  return problems
}

function tasksOutOfOrder(name, byTask, { tasks }) {
  const problems = []
  const isLate = (before, task) => {
    const lines = byTask.get(task) ?? []
    return byTask.has(before) && lines.length > 0 && lines[0].place < byTask.get(before).at(-1).place
  }
  for (const [task, { after = [], isFinally = false }] of Object.entries(tasks)) {
    const others = Object.keys(tasks).filter(other => !tasks[other].isFinally)
    for (const before of isFinally ? others : after) {
      if (isLate(before, task)) problems.push(`${name}: ${task} began before ${before} had ended`)
      if (!isFinally && byTask.has(task) && !byTask.has(before)) problems.push(`${name}: ${task} ran without ${before}`)
    }
  }
  return problems
}
