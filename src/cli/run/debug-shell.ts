/** `--debug-on-failure`: a shell in the place of a step that failed, for the person at the terminal. */
import type { EmbeddedEngine } from '../../embedded.js'
import type { TaskRun } from '../../resources/tekton.js'
import type { Terminal } from '../print/live.js'
import { onOneLine, type Style } from '../print/style.js'
import type { StepLine } from './step-logs.js'

/** What the entrypoint says when it waits. A step that says the same gets a shell beside it, too. */
const WAITS = /\bdebug onFailure breakpoint has taken effect/
const SCRIPTS = '/tekton/debug/scripts'
const SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash -i; fi; exec sh -i'

export interface DebugShell {
  /** Begins with a shell where a step waits; one after the other. */
  wrote(line: StepLine): void
  /** Resolves when no shell is open. */
  idle(): Promise<void>
}

export interface DebugShellDeps {
  readonly engine: Pick<EmbeddedEngine, 'exec' | 'cluster'>
  readonly keyboard: NodeJS.ReadStream
  readonly terminal: Terminal
  readonly style: Style
  /** Stops the drawing; what it returns goes on with it. */
  readonly pause: () => () => void
  /** The shell ends with it. */
  readonly signal: AbortSignal
}

export function createDebugShell(deps: DebugShellDeps): DebugShell {
  let last = Promise.resolve()
  return {
    wrote({ run, step, text }) {
      if (!WAITS.test(text)) return
      last = last.then(() => shellIn(run, step, deps)).catch(() => undefined)
    },
    idle: () => last,
  }
}

async function shellIn(run: TaskRun, step: string, deps: DebugShellDeps): Promise<void> {
  const { engine, keyboard, terminal, style, pause, signal } = deps
  const { namespace } = run.metadata
  const pod = run.status?.podName ?? ''
  const container = run.status?.steps?.find(one => one.name === step)?.container ?? `step-${step}`
  const uid = (await engine.cluster.get('Pod', { namespace, name: pod }))?.metadata.uid
  if (uid === undefined || signal.aborted) return
  const target = { namespace, pod, container, podUid: uid }
  const command = ['/bin/sh', '-c', SHELL]
  const shell = await engine.exec(target, { command, input: true, tty: true }, signal)
  if (shell === undefined) return
  const resume = pause()
  const again = await commandOf(engine, namespace, pod, container)
  terminal.write(
    [
      `\n${style.bold(`step ${onOneLine(step)} of ${onOneLine(run.metadata.name)} failed`)}: this is a shell in its place. The run waits, at most an hour.\n`,
      ...(again === undefined ? [] : [`  ${style.cyan(onOneLine(again))}\n    the step once more\n`]),
      `  ${style.cyan(`${SCRIPTS}/debug-continue`)}\n    go on as if it had succeeded\n`,
      `  ${style.cyan('exit')}\n    go on as failed\n\n`,
    ].join(''),
  )
  const resize = () => shell.resize(terminal.columns ?? 80, terminal.rows ?? 24)
  const type = (bytes: Buffer) => shell.stdin?.write(bytes)
  shell.stdin?.on('error', () => undefined) // it has just ended
  shell.stdout.on('data', (bytes: Buffer) => terminal.write(bytes.toString('utf8')))
  resize()
  process.on('SIGWINCH', resize)
  keyboard.setRawMode(true)
  keyboard.on('data', type).resume()
  try {
    await shell.ended
  } finally {
    process.off('SIGWINCH', resize)
    keyboard.off('data', type).pause()
    keyboard.setRawMode(false)
    resume()
  }
  // Nobody waits for it any more where the step was told to go on already.
  const told = await engine.exec(
    target,
    { command: [`${SCRIPTS}/debug-fail-continue`], input: false, tty: false },
    signal,
  )
  await told?.ended
}

/** The step's own: what stands behind the entrypoint's flags. */
async function commandOf(
  { cluster }: Pick<EmbeddedEngine, 'cluster'>,
  namespace: string,
  pod: string,
  container: string,
): Promise<string | undefined> {
  const found = await cluster.get('Pod', { namespace, name: pod })
  const { command = [], args = [] } = found?.spec.containers.find(({ name }) => name === container) ?? {}
  const all = [...command, ...args]
  const separator = all.indexOf('--')
  return separator < 0
    ? undefined
    : all
        .slice(separator + 1)
        .map(quoted)
        .join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
