import type { Output } from '../print/output.js'
import type { RunFlags } from '../start-list.js'
import type { SecretFlag } from './secrets.js'

export const EXIT = { succeeded: 0, failed: 1, refused: 2, interrupted: 130 } as const

export interface RunOptions extends RunFlags {
  readonly files: readonly string[]
  /** Files with ConfigMaps that set this command's defaults and feature flags. */
  readonly config: readonly string[]
  /** For the whole command. Milliseconds. */
  readonly timeoutMs?: number
  readonly output?: Output
  readonly paramsFile?: string
  readonly secretFlags?: readonly SecretFlag[]
  /** All that steps write. Default: where nothing is redrawn. */
  readonly showLog?: boolean
  /** A step that fails waits, with a shell in its place. Only where somebody is. */
  readonly debugOnFailure?: boolean
  /** What succeeded in the last run of the same files is taken over. */
  readonly fromFailed?: boolean
  /** Where a round keeps the folders that it has to remove. */
  readonly folders?: Set<string>
  /** What a user should know about this machine was said before. */
  readonly quiet?: boolean
  /** Again and again, when something changed. */
  readonly watch?: boolean
  /** What steps changed in the folders of workspaces is brought to the folders themselves when all succeeded. */
  readonly writeBack?: boolean
}
