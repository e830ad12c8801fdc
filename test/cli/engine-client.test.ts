import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { connectToEngine, EngineError, type EngineFlags } from '../../src/cli/engine-client.js'
import { addEngineFlags, engineFlags } from '../../src/cli/flags/engine.js'
import { serveApi, TOKEN } from '../api/world.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

function dataFolder(files: Readonly<Record<string, string>>): string {
  const dir = join(temporaryDirectory('engine-client'), 'data')
  mkdirSync(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

const refusal = (flags: EngineFlags) =>
  connectToEngine(flags).then(
    () => 'connected',
    (error: unknown) => (error instanceof EngineError ? `${error.code} ${error.message}` : error),
  )

test('the data folder says where the engine is and what its token is', async () => {
  const { port } = await serveApi()
  const addresses = { api: `http://127.0.0.1:${port}`, hooks: 'http://127.0.0.1:1', pid: 1 }
  const dataDir = dataFolder({ 'addresses.json': JSON.stringify(addresses), token: `${TOKEN}\n` })
  const engine = await connectToEngine({ dataDir })
  expect(engine).toMatchObject({ api: addresses.api, hooks: addresses.hooks })
  expect(await engine.get('/api/v1/namespaces/default/configmaps')).toMatchObject({ kind: 'ConfigMapList', items: [] })
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: {} }
  await engine.post('/api/v1/namespaces/default/configmaps', configMap)
  // The engine's own words, as an error with its code.
  const nothing = await engine.get('/api/v1/namespaces/default/configmaps/gone').catch((error: unknown) => error)
  expect(nothing).toMatchObject({ code: 404, message: 'configmaps "gone" not found' })
})

test('an engine elsewhere is named by its URL and the file with its token', async () => {
  const { port } = await serveApi()
  const tokenFile = join(dataFolder({ token: TOKEN }), 'token')
  const engine = await connectToEngine({ dataDir: 'no-such', server: `http://127.0.0.1:${port}/`, tokenFile })
  expect(engine).toMatchObject({ api: `http://127.0.0.1:${port}`, hooks: undefined })
})

test('the token of a data folder is sent to nobody but its own engine', async () => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const dataDir = dataFolder({ token: TOKEN })
  const { port } = server.address() as AddressInfo
  expect(await refusal({ dataDir, server: `http://127.0.0.1:${port}` })).toMatch(/--server needs --token-file/)
  expect(seen).toEqual([])
})

test('where no engine is, the error says so and what to do', async () => {
  const never = dataFolder({})
  expect(await refusal({ dataDir: never })).toBe(
    `0 no engine runs with the data folder "${never}" (there is no ${never}/addresses.json): start one with: tektite up --data ${never}, or say --data`,
  )
  const { port } = await serveApi()
  const wrong = dataFolder({ 'addresses.json': `{"api":"http://127.0.0.1:${port}"}`, token: 'wrong' })
  expect(await refusal({ dataDir: wrong })).toMatch(/^401 the engine at .* does not know the token: the file "token"/)
  const stopped = dataFolder({ 'addresses.json': '{"api":"http://127.0.0.1:1"}', token: TOKEN })
  expect(await refusal({ dataDir: stopped })).toBe(
    `0 no engine answers at http://127.0.0.1:1: start one with: tektite up --data ${stopped}`,
  )
  for (const text of ['', 'null', '{', '{"api":1}']) {
    expect(await refusal({ dataDir: dataFolder({ 'addresses.json': text, token: TOKEN }) })).toMatch(/names no address/)
  }
  const withoutToken = dataFolder({ 'addresses.json': '{"api":"http://127.0.0.1:1"}' })
  expect(await refusal({ dataDir: withoutToken })).toMatch(/^0 the token of the engine cannot be read: ENOENT/)
  expect(await refusal({ dataDir: never, server: 'not a url' })).toMatch(/^0 --server "not a url" is not a URL/)
})

test('the flags of a command that talks to an engine', () => {
  const read = (...args: readonly string[]) =>
    engineFlags(
      addEngineFlags(new Command())
        .parse([...args], { from: 'user' })
        .opts(),
    )
  expect(read()).toEqual({ dataDir: '.tektite' })
  expect(read('--data', 'd', '--server', 'http://x', '--token-file', 't')).toEqual({
    dataDir: 'd',
    server: 'http://x',
    tokenFile: 't',
  })
})
