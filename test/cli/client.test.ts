import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { type Client, ClientError } from '../../src/cli/client/client.js'
import { connect } from '../../src/cli/client/connect.js'
import { choosePlace, type Place, type PlaceFlags } from '../../src/cli/client/place.js'
import { addEngineFlags, engineFlags } from '../../src/cli/flags/engine.js'
import type { ConfigMap } from '../../src/resources/core.js'
import { serveApi, TOKEN } from '../api/world.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

type Environment = Readonly<Record<string, string>>
const NOTHING: Environment = { HOME: '/no/such/home' }

function dataFolder(files: Readonly<Record<string, string>>): string {
  const dir = join(temporaryDirectory('client'), 'data')
  mkdirSync(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

async function open(flags: PlaceFlags, environment = NOTHING): Promise<Client> {
  const client = connect(await choosePlace(flags, environment))
  onTestFinished(() => client.close())
  return client
}

const refusal = (flags: PlaceFlags) =>
  open(flags)
    .then(client => client.read('/version'))
    .then(
      () => 'connected',
      (error: unknown) => (error instanceof ClientError ? `${error.code} ${error.message}` : error),
    )

async function served(): Promise<{ readonly client: Client; readonly api: string }> {
  const { port } = await serveApi()
  const api = `http://127.0.0.1:${port}`
  const addresses = { api, hooks: 'http://127.0.0.1:1', pid: 1 }
  return {
    api,
    client: await open({ dataDir: dataFolder({ 'addresses.json': JSON.stringify(addresses), token: TOKEN }) }),
  }
}

const configMap = (name: string, more: object = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name, ...more },
    data: { a: '1' },
  }) as unknown as ConfigMap

test('the data folder says where the engine is and what its token is', async () => {
  const { client, api } = await served()
  expect(client).toMatchObject({ api, hooks: 'http://127.0.0.1:1', namespace: 'default' })
})

test('objects are got, listed by pages, created, changed and deleted', async () => {
  const { client } = await served()
  const key = { namespace: 'default', name: 'b' }
  for (const name of ['c', 'a', 'b']) {
    await client.create('ConfigMap', configMap(name, { labels: { even: `${name === 'b'}` } }))
  }
  await client.create('ConfigMap', configMap('only-asked-for'), { dryRun: true })
  const pages: (readonly string[])[] = []
  for await (const page of client.pages('ConfigMap', { namespace: 'default', pageSize: 2 })) {
    pages.push(page.map(({ metadata }) => metadata.name))
  }
  expect(pages).toEqual([['a', 'b'], ['c']])
  const even = await client.list('ConfigMap', { labelSelector: 'even=true' })
  expect(even.map(({ kind, apiVersion, metadata }) => [kind, apiVersion, metadata.name])).toEqual([
    ['ConfigMap', 'v1', 'b'],
  ])
  expect(await client.patch('ConfigMap', key, { data: { a: null, b: '2' } })).toMatchObject({ data: { b: '2' } })
  expect(await client.get('ConfigMap', key)).toMatchObject({ data: { b: '2' } })
  expect([await client.delete('ConfigMap', key), await client.delete('ConfigMap', key)]).toEqual([true, false])
  expect(await client.get('ConfigMap', key)).toBeUndefined()
  // The API server's own words, as an error with its code.
  await expect(client.patch('ConfigMap', key, {})).rejects.toMatchObject({
    code: 404,
    message: 'configmaps "b" not found',
  })
  await expect(client.create('ConfigMap', configMap('a'))).rejects.toMatchObject({ code: 409 })
})

test('a watch gives the whole set, then its changes', async () => {
  const { client } = await served()
  await client.create('ConfigMap', configMap('first'))
  const stop = new AbortController()
  const seen: string[] = []
  for await (const change of client.watch('ConfigMap', { namespace: 'default' }, stop.signal)) {
    if (change.type === 'listed') {
      seen.push(`listed ${change.items.map(({ metadata }) => metadata.name)}`)
      await client.create('ConfigMap', configMap('second'))
    } else {
      seen.push(`${change.type} ${change.item.metadata.name}`)
      stop.abort()
    }
  }
  expect(seen).toEqual(['listed first', 'put second'])
})

test.each(['', '.', '..', 'a/b', '%2e'])('%j is the name of no object, and asks for no other path', async name => {
  const { client } = await served()
  await expect(client.get('ConfigMap', { namespace: 'default', name })).rejects.toThrow('is no name')
  await expect(client.list('ConfigMap', { namespace: name === '' ? '..' : name })).rejects.toThrow('is no name')
})

test('an engine elsewhere is named by its URL and the file with its token', async () => {
  const { api } = await served()
  const tokenFile = join(dataFolder({ token: TOKEN }), 'token')
  const client = await open({ server: `${api}/`, tokenFile })
  expect(client).toMatchObject({ api, hooks: undefined })
  expect(await client.read('/version')).toMatchObject({ major: expect.any(String) })
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
  const url = `http://127.0.0.1:${port}`
  expect(await refusal({ server: url })).toMatch(/--server needs --token-file/)
  expect(await refusal({ dataDir, server: url })).toMatch(/--server and --data name different API servers/)
  expect(seen).toEqual([])
})

test('where no engine is, the error says so and what to do', async () => {
  const never = dataFolder({})
  expect(await refusal({ dataDir: never })).toBe(
    `0 no engine runs with the data folder "${never}" (there is no ${never}/addresses.json): start one with: tektite up --data ${never}, or name another place with --data, --server or --context`,
  )
  const { api } = await served()
  const wrong = dataFolder({ 'addresses.json': `{"api":"${api}"}`, token: 'wrong' })
  expect(await refusal({ dataDir: wrong })).toMatch(/^401 .* does not know the credentials: the file "token"/)
  const stopped = dataFolder({ 'addresses.json': '{"api":"http://127.0.0.1:1"}', token: TOKEN })
  expect(await refusal({ dataDir: stopped })).toBe(
    `0 nobody answers at http://127.0.0.1:1: start one with: tektite up --data ${stopped}`,
  )
  for (const text of ['', 'null', '{', '{"api":1}', '{"api":"x"}']) {
    expect(await refusal({ dataDir: dataFolder({ 'addresses.json': text, token: TOKEN }) })).toMatch(/names no address/)
  }
  const withoutToken = dataFolder({ 'addresses.json': '{"api":"http://127.0.0.1:1"}' })
  expect(await refusal({ dataDir: withoutToken })).toMatch(/^0 the token of the engine cannot be read: ENOENT/)
  expect(await refusal({ server: 'not a url' })).toMatch(/^0 --server "not a url" is not a URL/)
})

function kubeconfig(): string {
  const file = join(temporaryDirectory('kubeconfig'), 'config')
  const context = (name: string, namespace: string) => ({ name, context: { cluster: name, user: 'me', namespace } })
  const cluster = (name: string) => ({ name, cluster: { server: `https://${name}.example:6443` } })
  const config = {
    contexts: [context('one', 'first'), context('two', 'second')],
    clusters: [cluster('one'), cluster('two')],
    users: [{ name: 'me', user: { token: 'x' } }],
    'current-context': 'one',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** With a folder that is no `.tektite`: what it leads to is in a test of its own, as a process. */
test('a kubeconfig says where the cluster is, and in which namespace', async () => {
  const file = kubeconfig()
  const place = async (flags: PlaceFlags, environment = NOTHING): Promise<Partial<Place>> => {
    const { api, namespace, said } = await choosePlace(flags, environment)
    return { api, namespace, said }
  }
  const one = { api: 'https://one.example:6443', namespace: 'first', said: 'context "one"' }
  expect(await place({ kubeconfig: file })).toEqual(one)
  expect(await place({}, { ...NOTHING, KUBECONFIG: file })).toEqual(one)
  expect(await place({ namespace: 'mine' }, { ...NOTHING, KUBECONFIG: file })).toEqual({ ...one, namespace: 'mine' })
  expect(await place({ context: 'two' }, { ...NOTHING, KUBECONFIG: file })).toMatchObject({ namespace: 'second' })
  expect(await refusal({ kubeconfig: file, context: 'three' })).toBe(
    `0 ${file} has no context "three"; there are: one, two`,
  )
  expect(await refusal({ kubeconfig: file, dataDir: 'x' })).toMatch(/--kubeconfig and --data name different/)
})

test('the flags of a command that talks to an API server', () => {
  const read = (...args: readonly string[]) =>
    engineFlags(
      addEngineFlags(new Command())
        .parse([...args], { from: 'user' })
        .opts(),
    )
  expect(read()).toEqual({})
  expect(read('--data', 'd', '--server', 'http://x', '--token-file', 't', '-k', 'f', '-c', 'c')).toEqual({
    dataDir: 'd',
    server: 'http://x',
    tokenFile: 't',
    kubeconfig: 'f',
    context: 'c',
  })
})
