/** Steps without a command, through whole passes, against a real registry and against servers that only claim to be one. */
import { expect, onTestFinished, test } from 'vitest'
import { createAskImages } from '../../src/images/ask-images.js'
import { createEntrypointSource, NOTHING_REMEMBERED } from '../../src/reconcile/observe/entrypoint-source.js'
import { type ReconcileDeps, reconcile } from '../../src/reconcile/reconcile.js'
import type { Step } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { depsFor, ENTRYPOINT, key, NOW, storeWith, taskRun } from '../reconcile/real-store.js'
import { LOOPBACK, NOTHING, REGISTRY_LOGIN, serve, serveRegistry } from '../resolve/servers.js'
import {
  configOf,
  digestOf,
  dockercfgSecret,
  type ImageConfig,
  manifestOf,
  pullSecret,
  pushImage,
  pushIndex,
} from './registry.js'

interface Given {
  readonly objects?: readonly string[]
  readonly podTemplate?: object
  readonly serviceAccountName?: string
  /** None: the embedded engine's, which has no nodes. */
  readonly nodes?: readonly string[]
  readonly guard?: typeof LOOPBACK
  readonly passWaitsMs?: number
  readonly registryMs?: number
}

async function engineWith(steps: readonly Step[], given: Given = {}) {
  const { objects = [], podTemplate, serviceAccountName, nodes = [], guard = LOOPBACK, ...times } = given
  const cluster = await storeWith(
    ...objects,
    JSON.stringify({
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: { name: 'one' },
      spec: { taskSpec: { steps }, podTemplate, serviceAccountName },
    }),
  )
  let now = NOW
  const stopping = new AbortController()
  onTestFinished(() => stopping.abort())
  const content = { ...ENTRYPOINT, offer: { ...offerOf(nodes), image: nodes.length > 1 ? 'entrypoint:1' : undefined } }
  const source = createEntrypointSource(content, NOTHING_REMEMBERED)
  const deps: ReconcileDeps = {
    ...depsFor(cluster, () => now),
    entrypoint: { ...source, nodes: async () => nodes.map(nodeOf) },
    settings: () => DEFAULT_SETTINGS,
    askImages: createAskImages({ cluster, guard, now: () => now, stopping: stopping.signal, ...times }),
  }
  return {
    cluster,
    pass: () => reconcile(deps, 'TaskRun/default/one'),
    wait(ms: number) {
      now += ms
    },
    async told() {
      const run = await taskRun(cluster, 'one')
      const { status = '', reason = '', message = '' } = succeededCondition(run) ?? {}
      return { status, reason, message, class: run.metadata.annotations?.['tektite.dev/failure-class'] }
    },
    /** What each step runs, and in which image. */
    async steps() {
      const pod = await cluster.get('Pod', key('one-pod'))
      return pod?.spec.containers.map(({ image, args = [] }) => ({ image, line: args.slice(args.indexOf('--') + 1) }))
    },
  }
}

const nodeOf = (architecture: string) => ({
  name: architecture,
  labels: { 'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux' },
  taints: [],
})
const offerOf = (nodes: readonly string[]) => ({
  architectures: ['amd64', 'arm64'],
  defaultArchitecture: 'amd64',
  hasNodes: nodes.length > 0,
})

async function toldOf(image: string, given: Given = {}) {
  const engine = await engineWith([{ name: 's', image }], given)
  await engine.pass()
  return engine.told()
}

const FAILED = 'failed to create task run pod "one": translating TaskSpec to Pod: '
const notLookedUp = (image: string) =>
  `${FAILED}step "s" has neither "command" nor "script", and what its image "${image}" runs could not be looked up: `

test('what a step without a command runs is as Tekton has it', async () => {
  const host = await serveRegistry()
  const images: Readonly<Record<string, ImageConfig>> = {
    both: { Entrypoint: ['/bin/tool', '-v'], Cmd: ['help'] },
    entrypoint: { Entrypoint: ['/bin/tool'], Cmd: null },
    cmd: { Cmd: ['/bin/sh', '-e'] },
  }
  const digests = new Map<string, string>()
  for (const [name, config] of Object.entries({ ...images, neither: {} })) {
    digests.set(name, await pushImage({ to: `${host}/team/${name}`, tag: 'v1' }, config))
  }
  const expected = [
    [{ image: 'both' }, ['/bin/tool', '-v', 'help']],
    [{ image: 'both', args: ['x'] }, ['/bin/tool', '-v', 'x']],
    [{ image: 'entrypoint' }, ['/bin/tool']],
    [{ image: 'entrypoint', args: ['x', 'y'] }, ['/bin/tool', 'x', 'y']],
    [{ image: 'cmd' }, ['/bin/sh', '-e']],
    [{ image: 'cmd', args: ['-c', 'true'] }, ['/bin/sh', '-e', '-c', 'true']],
    [{ image: 'neither', args: ['/bin/true', '1'] }, ['/bin/true', '1']],
  ] as const
  const steps = expected.map(([step]) => ({ ...step, image: `${host}/team/${step.image}:v1` }))
  const spoken = { image: `${host}/team/nobody:v1`, command: ['/bin/mine'], args: ['z'] }
  const engine = await engineWith([...steps, spoken] as readonly Step[])
  await engine.pass()
  expect(await engine.told()).toMatchObject({ reason: 'Pending', message: 'Pending' })
  expect(await engine.steps()).toEqual([
    ...expected.map(([{ image }, line]) => ({ image: `${host}/team/${image}@${digests.get(image)}`, line })),
    // Nobody was asked about it.
    { image: spoken.image, line: ['/bin/mine', 'z'] },
  ])

  expect(await toldOf(`${host}/team/neither:v1`)).toMatchObject({
    reason: 'TaskRunValidationFailed',
    message: `[User error] step "s" has neither "command" nor "script" nor "args", and its image "${host}/team/neither:v1" has no command of its own: set "command" or "script" in the step`,
    class: 'user',
  })
  const digest = `${host}/team/both@${digests.get('both')}`
  const byDigest = await engineWith([{ image: `${host}/team/both:gone@${digests.get('both')}` }])
  await byDigest.pass()
  expect(await byDigest.steps()).toEqual([{ image: digest, line: ['/bin/tool', '-v', 'help'] }])
})

test('of an image for many architectures, the Pod’s own counts', async () => {
  const host = await serveRegistry()
  const to = `${host}/multi`
  const digest = await pushIndex({ to, tag: 'v1' }, { amd64: { Cmd: ['/on/amd64'] }, arm64: { Cmd: ['/on/arm64'] } })
  await pushIndex({ to, tag: 'same' }, { amd64: { Cmd: ['/both'] }, arm64: { Cmd: ['/both'] } })
  await pushIndex({ to, tag: 'other' }, { s390x: { Cmd: ['/x'] } })
  const image = `${to}:v1`
  for (const architecture of ['amd64', 'arm64']) {
    const engine = await engineWith([{ image }], { nodes: [architecture] })
    await engine.pass()
    expect(await engine.steps()).toEqual([{ image: `${to}@${digest}`, line: [`/on/${architecture}`] }])
  }
  const mixed = { nodes: ['amd64', 'arm64'] }
  const same = await engineWith([{ image: `${to}:same` }], mixed)
  await same.pass()
  expect((await same.steps())?.[0]?.line).toEqual(['/both'])
  expect((await toldOf(image, mixed)).message).toBe(
    `[User error] step "s" has neither "command" nor "script", its image "${image}" runs something else on amd64 than on arm64, and the Pod may get either: set "command", or kubernetes.io/arch in the podTemplate's nodeSelector`,
  )
  const pinned = await engineWith([{ image }], {
    ...mixed,
    podTemplate: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } },
  })
  await pinned.pass()
  expect((await pinned.steps())?.[0]?.line).toEqual(['/on/arm64'])
  expect(await toldOf(`${to}:other`)).toEqual({
    status: 'False',
    reason: 'PodCreationFailed',
    message: `${notLookedUp(`${to}:other`)}no child with platform linux/amd64 in index. Maybe invalid TaskSpec`,
    class: 'user',
  })
})

test('a private image is looked up with the secrets of the podTemplate or the service account, and with no other', async () => {
  const host = await serveRegistry({ locked: true })
  const image = `${host}/team/private:v1`
  await pushImage({ to: `${host}/team/private`, tag: 'v1' }, { Cmd: ['/bin/mine'] })
  const objects = [
    pullSecret('pull', host),
    pullSecret('wrong', host, 'not-the-password'),
    pullSecret('elsewhere', 'registry.example'),
    dockercfgSecret('older', host),
    '{apiVersion: v1, kind: ServiceAccount, metadata: {name: puller}, imagePullSecrets: [{name: gone}, {name: pull}]}',
  ]
  const withSecret = (name: string) => ({ objects, podTemplate: { imagePullSecrets: [{ name }] } })
  for (const given of [withSecret('pull'), withSecret('older'), { objects, serviceAccountName: 'puller' }]) {
    const engine = await engineWith([{ image }], given)
    await engine.pass()
    expect((await engine.steps())?.[0]?.line).toEqual(['/bin/mine'])
  }
  const refusal = `${notLookedUp(image)}GET http://${host}/v2/team/private/manifests/v1: UNAUTHORIZED: authentication required. Maybe invalid TaskSpec`
  for (const given of [{}, withSecret('wrong'), withSecret('elsewhere'), withSecret('gone')]) {
    const told = await toldOf(image, given)
    expect(told).toEqual({ status: 'False', reason: 'PodCreationFailed', message: refusal, class: 'user' })
    expect(JSON.stringify(told)).not.toMatch(/not-the-password|secret"?:/)
  }
  expect(REGISTRY_LOGIN.password).not.toBe('not-the-password')
})

test('an image that is not there, or none at all, fails the run at once', async () => {
  const host = await serveRegistry()
  expect(await toldOf(`${host}/team/nobody:v1`)).toEqual({
    status: 'False',
    reason: 'PodCreationFailed',
    message: `${notLookedUp(`${host}/team/nobody:v1`)}GET http://${host}/v2/team/nobody/manifests/v1: MANIFEST_UNKNOWN: manifest unknown. Maybe invalid TaskSpec`,
    class: 'user',
  })
  expect((await toldOf(`${host}/Not An Image`)).message).toMatch(/could not parse reference/)
  expect((await toldOf(`${host}/team/nobody:v1`, { guard: NOTHING })).message).toMatch(
    /"127\.0\.0\.1" is a loopback address, and resolvers fetch from public addresses only/,
  )
})

/** Answers for one repository whatever is put there, digests or not. */
function fake(manifest: string, blobs: Readonly<Record<string, string>>) {
  return serve((incoming, response) => {
    const [, kind, version = ''] = /^\/v2\/x\/(manifests|blobs)\/(.+)$/.exec(incoming.url ?? '') ?? []
    if (kind === undefined) response.end('{}')
    else if (kind === 'manifests') response.end(manifest)
    else if (blobs[version] === undefined) response.writeHead(404).end()
    else response.end(blobs[version])
  })
}

async function hostile(config: string, sent = config) {
  const { url } = await fake(manifestOf(config), { [digestOf(config)]: sent })
  return `${url.replace('http://', '')}/x:v1`
}

test.each(
  cases({
    'an entrypoint that is no list': {
      config: configOf({ Entrypoint: 'rm -rf /' }),
      message: /Entrypoint in the config of the image is no list of texts/,
    },
    'a command of numbers': {
      config: configOf({ Cmd: [1] }),
      message: /Cmd in the config of the image is no list of texts/,
    },
    'a config that is no JSON': { config: 'no', message: /the config of the image is no JSON/ },
    'a config of another digest': {
      config: configOf({ Cmd: ['/good'] }),
      sent: configOf({ Cmd: ['/evil'] }),
      message: /config digest: "sha256:.*" does not match requested digest/,
    },
    'a huge config': {
      config: configOf({ Cmd: ['x'.repeat(3 * 1_048_576)] }),
      message: /response body exceeds maximum allowed size of 2097152 bytes/,
    },
  }),
)('a registry may send what it wants: %s', async (_, given: { config: string; sent?: string; message: RegExp }) => {
  const told = await toldOf(await hostile(given.config, given.sent))
  expect(told).toMatchObject({ reason: 'PodCreationFailed', class: 'user' })
  expect(told.message).toMatch(given.message)
})

test('a manifest that never ends is given up, and so is one of another digest, or of nothing that runs', async () => {
  const endless = await serve((incoming, response) => {
    if (!incoming.url?.includes('/manifests/')) response.end('{}')
    else {
      const chunk = Buffer.alloc(65_536, ' ')
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
    }
  })
  expect((await toldOf(`${endless.url.replace('http://', '')}/x:v1`)).message).toMatch(/exceeds maximum allowed size/)
  const { url } = await fake(manifestOf('{}'), {})
  const wrong = `${url.replace('http://', '')}/x@sha256:${'0'.repeat(64)}`
  expect((await toldOf(wrong)).message).toMatch(/manifest digest: .* does not match requested digest/)
  const nothing = await fake('{"layers": []}', {})
  expect((await toldOf(`${nothing.url.replace('http://', '')}/x:v1`)).message).toMatch(/unsupported media type/)
})

test('a login follows no redirect to another host, and neither does the look-up to one that is not allowed', async () => {
  const config = configOf({ Cmd: ['/bin/mine'] })
  const elsewhere = await serve((_, response) => response.end(config))
  const registry = await serve((incoming, response) => {
    if (incoming.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    } else if (incoming.url?.includes('/blobs/')) response.writeHead(307, { location: elsewhere.url }).end()
    else response.end(manifestOf(config))
  })
  const host = registry.url.replace('http://', '')
  const given = { objects: [pullSecret('pull', host)], podTemplate: { imagePullSecrets: [{ name: 'pull' }] } }
  const engine = await engineWith([{ image: `${host}/x:v1` }], given)
  await engine.pass()
  expect((await engine.steps())?.[0]?.line).toEqual(['/bin/mine'])
  expect(elsewhere.seen).toHaveLength(1)
  expect(elsewhere.headers[0]).not.toHaveProperty('authorization')

  const inward = await serve((incoming, response) => {
    if (incoming.url?.includes('/manifests/')) {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    } else response.end('{}')
  })
  expect((await toldOf(`${inward.url.replace('http://', '')}/x:v1`)).message).toMatch(
    /"169\.254\.169\.254" is a link-local address/,
  )
})

test('a registry that is away is waited for with growing pauses, and the run goes on when it is back', async () => {
  const config = configOf({ Cmd: ['/bin/mine'] })
  let isAway = true
  const { url, seen } = await serve((incoming, response) => {
    if (isAway) response.writeHead(503).end()
    else if (incoming.url?.includes('/blobs/')) response.end(config)
    else response.end(manifestOf(config))
  })
  const image = `${url.replace('http://', '')}/x:v1`
  const engine = await engineWith([{ name: 's', image }])
  const pauses: number[] = []
  for (let at = 0; at < 6; at++) {
    const outcome = await engine.pass()
    expect(outcome.kind).toBe('again')
    const pause = outcome.kind === 'again' ? outcome.afterMs : 0
    pauses.push(pause)
    engine.wait(Math.max(pause, 2_000))
  }
  expect(pauses.every((pause, at) => pause >= Math.max(1_000, pauses[at - 1] ?? 0))).toBe(true)
  expect(pauses.at(-1)).toBeGreaterThan(2_000)
  const { reason, message } = await engine.told()
  expect(reason).toBe('Pending')
  expect(message).toMatch(
    /^the Pod of this TaskRun waits for a registry: step "s" .*: GET .*: unexpected status code 503\. It is tried again until 2026-01-02T03:09:05Z$/,
  )
  expect(seen.length).toBeLessThan(40)
  isAway = false
  await engine.pass()
  expect((await engine.steps())?.[0]?.line).toEqual(['/bin/mine'])
})

test('a registry that stays away for default-imagepullbackoff-timeout fails the run, and it was not the author', async () => {
  const { url } = await serve((incoming, response) => {
    incoming.socket.destroy()
    response.destroy()
  })
  const image = `${url.replace('http://', '')}/x:v1`
  const engine = await engineWith([{ name: 's', image }])
  await engine.pass()
  engine.wait(DEFAULT_SETTINGS.imagePullBackOffTimeoutMs)
  await engine.pass()
  expect(await engine.told()).toEqual({
    status: 'False',
    reason: 'PodCreationFailed',
    message: `${notLookedUp(image)}socket hang up. Maybe invalid TaskSpec`,
    class: 'infrastructure',
  })
})

test('a registry that takes its time holds no pass, and its answer counts when it comes', async () => {
  const config = configOf({ Cmd: ['/bin/mine'] })
  let answer: () => void = () => undefined
  const begun = new Promise<void>(resolve => {
    answer = resolve
  })
  const slow = await serve((incoming, response) => {
    if (incoming.url?.includes('/blobs/')) response.end(config)
    else if (incoming.url?.includes('/manifests/')) void begun.then(() => response.end(manifestOf(config)))
    else response.end('{}')
  })
  const engine = await engineWith([{ name: 's', image: `${slow.url.replace('http://', '')}/x:v1` }], {
    passWaitsMs: 20,
  })
  expect(await engine.pass()).toEqual({ kind: 'again', afterMs: 1_000 })
  expect((await engine.told()).message).toMatch(
    /^the Pod of this TaskRun waits for a registry: step "s" .*: the registry has not answered yet$/,
  )
  answer()
  await expect
    .poll(async () => {
      await engine.pass()
      return engine.steps()
    })
    .toMatchObject([{ line: ['/bin/mine'] }])
  expect(slow.seen.filter(one => one.includes('/manifests/'))).toHaveLength(1)
})

test('a registry that never answers is one that is away; official images need none then', async () => {
  const silent = await serve(() => undefined)
  const host = silent.url.replace('http://', '')
  const given = { passWaitsMs: 5_000, registryMs: 50 }
  expect(await toldOf(`${host}/x:v1`, given)).toMatchObject({
    status: 'Unknown',
    message: expect.stringMatching(/no answer within 0\.05 s\. It is tried again until 2026-01-02T03:09:05Z$/),
  })
  const official = await engineWith([{ image: `${host}/library/alpine:3` }], given)
  await official.pass()
  expect(await official.steps()).toEqual([{ image: `${host}/library/alpine:3`, line: ['/bin/sh'] }])
})

test('many runs that begin together ask once', async () => {
  const config = configOf({ Cmd: ['/bin/mine'] })
  const { url, seen } = await serve((incoming, response) => {
    if (incoming.url?.includes('/blobs/')) response.end(config)
    else response.end(manifestOf(config))
  })
  const cluster = await storeWith()
  const ask = createAskImages({ cluster, guard: LOOPBACK, now: () => NOW, stopping: new AbortController().signal })
  const image = `${url.replace('http://', '')}/x:v1`
  const question = { namespace: 'ci', architectures: ['amd64'], pullSecrets: [], serviceAccountName: 'default' }
  const told = await Promise.all(Array.from({ length: 20 }, () => ask({ ...question, images: [image] })))
  expect(told.every(one => one.get(image)?.is === 'found')).toBe(true)
  expect(seen.filter(one => one.includes('/manifests/'))).toHaveLength(1)
  // Another namespace has secrets of its own, and asks for itself; the digest's command is known by then.
  await ask({ ...question, namespace: 'other', images: [image] })
  expect(seen.filter(one => one.includes('/manifests/'))).toHaveLength(2)
  expect(seen.filter(one => one.includes('/blobs/'))).toHaveLength(1)
})

test('a registry that is slow for many takes no room from another', async () => {
  const config = configOf({ Cmd: ['/bin/mine'] })
  const silent = await serve(() => undefined)
  const good = await fake(manifestOf(config), { [digestOf(config)]: config })
  const cluster = await storeWith()
  const stopping = new AbortController()
  const ask = createAskImages({ cluster, guard: LOOPBACK, now: () => NOW, stopping: stopping.signal, passWaitsMs: 5 })
  const question = { namespace: 'ci', architectures: ['amd64'], pullSecrets: [], serviceAccountName: 'default' }
  const stuck = Array.from({ length: 40 }, (_, at) => `${silent.url.replace('http://', '')}/x${at}:v1`)
  const told = await ask({ ...question, images: stuck })
  expect([...told.values()].every(({ is }) => is === 'pending')).toBe(true)
  const image = `${good.url.replace('http://', '')}/x:v1`
  await expect.poll(async () => (await ask({ ...question, images: [image] })).get(image)?.is).toBe('found')
  stopping.abort()
})
