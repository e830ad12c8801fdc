import { once } from 'node:events'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const PORTS = ['--port', '--hooks-port', '--secure-port']

test.each(PORTS)('a port of %s that is taken is named, with the flag that gives another', async flag => {
  // On all interfaces: none of them can be opened beside it.
  const taken = createServer().listen(0)
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const ports = PORTS.flatMap(each => [each, each === flag ? String(port) : '0'])
  const data = temporaryDirectory('port-in-use')
  chmodSync(data, 0o755)
  const { code, stderr } = await tektite(['up', '--data', data, ...ports])
  expect(stderr).toContain(
    `error: port ${port} is in use by another process: give another with ${flag}, or 0 for any free one\n`,
  )
  expect(code).toBe(1)
  // A folder with tokens in a repository is nothing to be committed.
  expect(readFileSync(join(data, '.gitignore'), 'utf8')).toBe('*\n')
  expect(statSync(data).mode & 0o777).toBe(0o700)
})
