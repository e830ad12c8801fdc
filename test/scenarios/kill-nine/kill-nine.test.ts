/** A small round of the scenario that `run.js` plays at full size: 40 deliveries, two kills. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test.for([
  ['BullMQ on Redis', []],
  ['LMDB and memory', ['--no-redis']],
] as const)(
  '%s: what was acknowledged is one finished run, no step runs twice',
  { timeout: 180_000 },
  async ([, flags]) => {
    const script = join(import.meta.dirname, 'run.js')
    const { stdout } = await run(process.execPath, [script, '--deliveries', '40', '--kills', '2', ...flags])
    expect(stdout).toMatch(/kill -9 +2:/)
    expect(stdout).toMatch(/runs +40, succeeded 40\n/)
    expect(stdout).toMatch(/step lines +160, expected 160, distinct 160\n/)
    expect(stdout).toMatch(/problems +none/)
  },
)
