/** A small round of the scenario that `run.js` plays at full size: 2000 deliveries, a hundred faults. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const SMALL = ['--deliveries', '30', '--kills', '6', '--recovery', '500', '--seed', '594', '--untimed']

test('processes are killed, frozen and cut off: what was acknowledged is one finished run, no step runs twice', {
  timeout: 300_000,
}, async () => {
  const script = join(import.meta.dirname, 'run.js')
  const { stdout } = await run(process.execPath, [script, ...SMALL]).catch(
    (failure: { stdout: string; stderr: string }) => {
      throw new Error(failure.stdout + failure.stderr)
    },
  )
  expect(stdout).toMatch(/deliveries +30, in/)
  expect(stdout).toMatch(/runs +30, [1-9]/)
  // As the seed has it: each kind of process is killed, and a worker is frozen past its locks.
  for (const fault of ['freeze worker 1', 'kill api 1', 'kill listener 1', 'kill redis 1', 'kill worker 2']) {
    expect(stdout).toContain(fault)
  }
  expect(stdout).toMatch(/problems +none/)
})
