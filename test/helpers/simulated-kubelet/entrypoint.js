// What the entrypoint of a step would do, as far as others can see it: entrypoint/README.md, without the command.

const INTERNAL = 3
const TASK_RESULT = 1
const STEP_RESULT = 4

/** The flags of a step's container that decide how it ends; undefined for a container that is none of ours. */
export function entrypointFlags({ name, args = [] }) {
  if (!name.startsWith('step-')) return undefined
  const own = args.slice(0, args.indexOf('--'))
  const after = flag => {
    const at = own.indexOf(flag)
    return at < 0 ? undefined : own[at + 1]
  }
  const names = flag => own.flatMap((word, at) => (word === flag ? [own[at + 1]] : []))
  return {
    waitFile: after('-wait_file'),
    continues: after('-on_error') === 'continue',
    timeoutMs: Number(after('-timeout_ms') ?? 0),
    taskResults: names('-task_result'),
    stepResults: names('-step_result'),
  }
}

/**
 * How a step ends by its entrypoint: the container's exit code, its message, and whether the next step may run.
 * `outcome`: `{ is: 'ended', exitCode }`, or one of the words of the table of exit codes.
 */
export function entrypointEnd(flags, outcome, startedAt, results) {
  const { exitCode, reason, nextMayRun, code } = ending(flags, outcome)
  const said = [
    entry('StartedAt', startedAt, INTERNAL),
    ...(code === undefined ? [] : [entry('ExitCode', String(code), INTERNAL)]),
    ...(reason === undefined ? [] : [entry('Reason', reason, INTERNAL)]),
    // Results are read by every step that had its turn, also by one that failed.
    ...(outcome.is === 'ended' || outcome.is === 'timeout' ? written(flags, results) : []),
  ]
  return { exitCode, message: JSON.stringify(said), nextMayRun }
}

function ending({ continues }, { is, exitCode = 0 }) {
  switch (is) {
    case 'ended':
      if (exitCode === 0) return { exitCode: 0, nextMayRun: true }
      return continues
        ? { exitCode: 0, code: exitCode, reason: 'Continued', nextMayRun: true }
        : { exitCode, nextMayRun: false }
    case 'skipped':
      return { exitCode: 1, reason: 'Skipped', nextMayRun: false }
    case 'timeout':
      return { exitCode: 1, reason: 'TimeoutExceeded', nextMayRun: false }
    case 'cancelled':
      return { exitCode: 9, reason: 'Cancelled', nextMayRun: false }
    default:
      throw new Error(`a step cannot end as "${is}"`)
  }
}

function written({ taskResults, stepResults }, { ofTask, ofStep }) {
  return [
    ...taskResults.filter(name => ofTask.has(name)).map(name => entry(name, ofTask.get(name), TASK_RESULT)),
    ...stepResults.filter(name => ofStep.has(name)).map(name => entry(name, ofStep.get(name), STEP_RESULT)),
  ]
}

function entry(key, value, type) {
  return { key, value, type }
}
