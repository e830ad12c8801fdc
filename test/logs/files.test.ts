import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFileLogStore } from '../../src/logs/files.js'
import type { LogStore } from '../../src/logs/log-store.js'
import { logStoreContract } from '../contract/log-store.js'
import { compiled } from '../kubelet/compiled.js'

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tektite-logs-'))
})

afterAll(async () => {
  await rm(root, { recursive: true })
})

const open = (): LogStore => createFileLogStore({ directory: join(root, 'logs') })
let store: LogStore | undefined
logStoreContract('files', () => {
  store ??= open()
  return { store, reopened: open }
})

test('what append promised survives a killed process, and the next one goes on without a gap', async () => {
  const sources = compiled(root, ['logs/files.ts'])
  const directory = join(root, 'killed')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'append-process.mjs'), sources, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let told = ''
  for await (const chunk of child.stdout) {
    told += String(chunk)
    if (told.split('\n').length > 200) child.kill('SIGKILL')
  }
  await exited
  const promised = Number(told.split('\n').at(-2))
  const after = createFileLogStore({ directory })
  const key = { namespace: 'ci', pod: 'killed', podUid: 'uid', container: 'step' }
  const size = await after.size(key)
  expect(size).toBeGreaterThanOrEqual(promised)
  await after.append(key, size, Buffer.from('the end'))
  await after.finish(key)
  const chunks: Uint8Array[] = []
  for await (const chunk of (await after.read(key, { follow: true }, new AbortController().signal))!) chunks.push(chunk)
  const lines = Buffer.concat(chunks).subarray(0, promised).toString().split('\n').slice(0, -1)
  expect(lines.length).toBeGreaterThan(100)
  expect(lines.filter((line, index) => line !== `${index} ${'x'.repeat(index % 5000)}`)).toEqual([])
})

test('removing the last log of a namespace leaves no folder', async () => {
  const directory = join(root, 'empty')
  const own = createFileLogStore({ directory })
  const key = { namespace: 'ci', pod: 'one', podUid: 'uid', container: 'step' }
  await own.append(key, 0, Buffer.from('x'))
  expect(await readdir(directory)).toEqual(['ci'])
  await own.remove(key)
  expect(await readdir(directory)).toEqual([])
})
