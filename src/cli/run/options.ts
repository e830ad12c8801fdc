import type { Output } from '../print/output.js'
import type { RunFlags } from '../start-list.js'

export const EXIT = { succeeded: 0, failed: 1, refused: 2, interrupted: 130 } as const

export interface RunOptions extends RunFlags {
  readonly files: readonly string[]
  /** Files with ConfigMaps that set this command's defaults and feature flags. */
  readonly config: readonly string[]
  /** For the whole command. Milliseconds. */
  readonly timeoutMs?: number
  readonly output?: Output
  /** What steps changed in the folders of workspaces is brought to the folders themselves when all succeeded. */
  readonly writeBack?: boolean
}
