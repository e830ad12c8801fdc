/** A small round of the scenario that `run.js` plays at full size: 200 kills. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startRedis } from '../../helpers/redis.js'

const run = promisify(execFile)

test.for(['an LMDB inbox', 'an inbox in Redis'] as const)(
  'killed between any two steps, through %s: one object per delivery, trigger and template',
  { timeout: 180_000 },
  async inbox => {
    const redis = inbox === 'an inbox in Redis' ? await startRedis() : undefined
    try {
      const flags = ['--kills', '12', ...(redis ? ['--redis', redis.url] : [])]
      const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'run.js'), ...flags])
      expect(stdout).toMatch(/kill -9 +12:/)
      expect(stdout).toMatch(/deliveries +[1-9]\d* acknowledged/)
      expect(stdout).toMatch(/objects +(\d+), expected \1\n/)
      expect(stdout).toMatch(/problems +none/)
    } finally {
      await redis?.close()
    }
  },
)
