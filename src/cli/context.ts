import type { Config, Environment } from '../config.js'
import type { Log } from '../lib/log.js'
import type { Ask } from './ask.js'
import type { Terminal } from './print/live.js'

/** What a command needs of the process around it, so that a test can be the process. */
export interface CliContext {
  readonly config: Config
  /** What kubectl reads, too: `KUBECONFIG`, `HOME`. */
  readonly environment: Environment
  readonly log: Log
  readonly now: () => number
  /** Everything that comes on standard input. */
  readonly stdin: () => Promise<string>
  /** Undefined where nobody can answer. */
  readonly ask: Ask | undefined
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Of the person who sits before it; undefined where nobody does. */
  readonly keyboard: NodeJS.ReadStream | undefined
  /** Ends the process at once: for somebody who cannot wait for the end of the command. */
  readonly leave: (code: number) => void
  /** Calls back on SIGINT, SIGTERM or SIGHUP instead of dying; the returned function gives the signals back. */
  readonly onInterrupt: (callback: () => void) => () => void
}

/** What the flags of a command are handed over with. */
export interface Invocation {
  readonly context: (logLevel: 'info' | 'warn') => CliContext
  /** The command's exit code. */
  readonly exit: (code: number) => void
}
