/** Bodies in protobuf: what kubectl 1.33 sent for its `create` and `auth` commands, recorded, and what it never sends. */
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeObject } from '../../src/api/protobuf/decode.js'
import { withJsonBody } from '../../src/api/protobuf/json-body.js'
import type { ApiRequest } from '../../src/api/request.js'
import recorded from './protobuf.cases.json' with { type: 'json' }
import { serveApi } from './world.js'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'

test.each(recorded.map(each => [each.command, each] as const))('kubectl %s', (_, { body, object }) => {
  expect(decodeObject(Buffer.from(body, 'base64'))).toEqual({ is: 'object', object })
})

test('over HTTP an object in protobuf is created like one in JSON', async () => {
  const { call } = await serveApi()
  const secret = recorded.find(each => each.command === 'create secret generic')!
  const path = '/api/v1/namespaces/default/secrets'
  const created = await call('POST', path, { body: Buffer.from(secret.body, 'base64'), contentType: PROTOBUF })
  expect([created.status, created.body?.['data']]).toEqual([201, secret.object.data])
  expect((await call('GET', `${path}/login`)).body).toMatchObject(secret.object)
})

test('lists keep empty texts, maps keep odd keys, times are set or not there', () => {
  const time = (seconds: number) => new BinaryWriter().uint32(8).int64(seconds).finish()
  const entry = (key: string, value: string) =>
    new BinaryWriter().uint32(10).string(key).uint32(18).string(value).finish()
  const metadata = new BinaryWriter().uint32(10).string('a').uint32(66).bytes(new Uint8Array())
  metadata.uint32(74).bytes(time(1_700_000_000)).uint32(80).int64(0).uint32(114).string('')
  const configMap = new BinaryWriter().uint32(10).bytes(metadata.finish())
  configMap.uint32(18).bytes(entry('__proto__', 'x')).uint32(18).bytes(entry('b', '')).uint32(32).bool(false)
  const decoded = decodeObject(enveloped('v1', 'ConfigMap', configMap.finish()))
  expect(JSON.parse(JSON.stringify(decoded))).toEqual({
    is: 'object',
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'a',
        deletionTimestamp: '2023-11-14T22:13:20Z',
        deletionGracePeriodSeconds: 0,
        finalizers: [''],
      },
      data: JSON.parse('{"__proto__":"x","b":""}'),
      immutable: false,
    },
  })
})

test('a Deployment with more than kubectl sets is not read, rather than kept without it', () => {
  // spec.paused
  const spec = new BinaryWriter().uint32(8).int32(1).uint32(56).bool(true).finish()
  const deployment = new BinaryWriter().uint32(18).bytes(spec).finish()
  expect(decodeObject(enveloped('apps/v1', 'Deployment', deployment))).toMatchObject({ is: 'unknown' })
})

test('a kind that is not read as protobuf is refused with the way out', async () => {
  const sent = requestWith(enveloped('apps/v1', 'StatefulSet', new Uint8Array([10, 0])))
  await expect(sent.readBody()).rejects.toMatchObject({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: expect.stringMatching(
      /^the body of the request was in an unknown format.*StatefulSet of apps\/v1.*apply -f -/,
    ),
  })
})

test('any other bytes are refused, not stumbled over', async () => {
  const [known] = recorded
  const bytes = Buffer.from(known!.body, 'base64')
  const damaged = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = Buffer.from(bytes)
    copy[at] = byte
    return copy
  })
  const cut = fc.nat(bytes.length).map(length => bytes.subarray(0, length))
  const any = fc.uint8Array({ maxLength: 60 }).map(tail => Buffer.concat([Buffer.from('k8s\0'), tail]))
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, cut, any), async body => {
      const outcome = await requestWith(body)
        .readBody()
        .then(
          json => (json.length === 0 ? 'empty' : typeof JSON.parse(json.toString('utf8'))),
          (error: { code: number }) => error.code,
        )
      expect(['object', 'empty', 400, 415]).toContain(outcome)
    }),
    { numRuns: 500 },
  )
})

test('a body that is not protobuf is left as it is', async () => {
  const request = { headers: { 'content-type': 'application/json' }, readBody: async () => Buffer.from('x') }
  expect(withJsonBody(request as unknown as ApiRequest)).toBe(request)
})

function requestWith(body: Buffer): ApiRequest {
  return withJsonBody({ headers: { 'content-type': PROTOBUF }, readBody: async () => body } as unknown as ApiRequest)
}

function enveloped(apiVersion: string, kind: string, object: Uint8Array): Buffer {
  const typeMeta = new BinaryWriter().uint32(10).string(apiVersion).uint32(18).string(kind).finish()
  const unknown = new BinaryWriter().uint32(10).bytes(typeMeta).uint32(18).bytes(object).finish()
  return Buffer.concat([Buffer.from('k8s\0'), unknown])
}
