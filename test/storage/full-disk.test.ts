import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const fixture = new URL('fixtures/fill.mjs', import.meta.url).pathname

// A limit on the size of files stands in for a full disk: LMDB's write fails in the same place, and no mount is needed.
test('when the file cannot grow, writes are refused with the cause, nothing is lost, and room made is used', async () => {
  const directory = temporaryDirectory('full')
  const limited = `trap '' XFSZ; ulimit -f 4096; exec "$0" "$1" "$2"`
  const { stdout } = await promisify(execFile)('bash', ['-c', limited, process.execPath, fixture, directory])
  const outcome = JSON.parse(stdout)
  expect(outcome).toMatchObject({ refused: 3, left: ['here', 'fits'] })
  expect(outcome.stored).toBeGreaterThan(0)
  expect(outcome.cause).toContain(`committing to the LMDB database in ${directory}`)
  expect(outcome.cause).toMatch(/too large|Input\/output/i)
})
