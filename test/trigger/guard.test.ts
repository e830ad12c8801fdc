import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Secret } from '../../src/resources/core.js'
import type { TriggerInterceptor } from '../../src/resources/triggers.js'
import { guard } from '../../src/trigger/guard.js'
import type { ListedTrigger } from '../../src/trigger/listener-triggers.js'
import { cases } from '../helpers/cases.js'
import { event } from './events.js'

const SECRETS = new Map(['a', 'b'].map(name => [`ci/${name}`, secret(name)]))

function secret(name: string): Secret {
  const metadata = { name, namespace: 'ci', uid: '1', resourceVersion: '1', creationTimestamp: '' }
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token: `secret ${name}` } }
}

function signed(name: string) {
  const signature = createHmac('sha256', `secret ${name}`).update('{}').digest('hex')
  return event({ headers: { 'X-Hub-Signature-256': `sha256=${signature}` }, body: '{}' })
}

function trigger(...interceptors: readonly TriggerInterceptor[]): ListedTrigger {
  const chain = interceptors.map(interceptor => ({ interceptor, namespace: 'ci' }))
  return { is: 'trigger', trigger: { id: 'x', name: 't', namespace: 'ci', chain, spec: { template: {} } } }
}

function github(secretName: string): TriggerInterceptor {
  return { ref: { name: 'github' }, params: [{ name: 'secretRef', value: { secretName, secretKey: 'token' } }] }
}

const MISSING: ListedTrigger = { is: 'missing', name: 'gone', message: '' }
const HOOK: TriggerInterceptor = { webhook: { url: 'http://hook.example' } }
const CEL: TriggerInterceptor = { ref: { name: 'cel' } }

const table = cases<{ readonly listed: readonly ListedTrigger[]; readonly by: string; readonly is: string }>({
  'the one trigger accepts': { listed: [trigger(github('a'))], by: 'a', is: 'admitted' },
  'the one trigger rejects': { listed: [trigger(github('b'))], by: 'a', is: 'rejected' },
  'one of two accepts': { listed: [trigger(github('b')), trigger(github('a'))], by: 'a', is: 'admitted' },
  'none of two accepts': { listed: [trigger(github('b')), trigger(github('b'))], by: 'a', is: 'rejected' },
  'two guards of one trigger, one accepts': { listed: [trigger(github('a'), github('b'))], by: 'a', is: 'rejected' },
  'a guard and a filter': { listed: [trigger(CEL, github('b'))], by: 'a', is: 'rejected' },
  'another trigger is open': { listed: [trigger(github('b')), trigger(CEL)], by: 'a', is: 'admitted' },
  'the other trigger does not exist': { listed: [MISSING, trigger(github('b'))], by: 'a', is: 'rejected' },
  'no trigger at all': { listed: [], by: 'a', is: 'admitted' },
  'the Secret does not exist': { listed: [trigger(github('gone'))], by: 'a', is: 'rejected' },
  'a webhook of somebody else': { listed: [trigger({ webhook: {} })], by: 'a', is: 'admitted' },
  'a guard before a webhook': { listed: [trigger(github('b'), HOOK)], by: 'a', is: 'rejected' },
  'a guard over what a webhook will make of the event': {
    listed: [trigger(HOOK, github('b'))],
    by: 'a',
    is: 'admitted',
  },
})

test.each(table)('guarding a listener: %s', async (_, { listed, by, is }) => {
  expect(await guard(listed, signed(by), SECRETS)).toHaveProperty('is', is)
})

test('a rejection says where to look, and never the secret', async () => {
  const guarding = await guard([trigger(github('b'))], signed('a'), SECRETS)
  expect(guarding).toEqual({
    is: 'rejected',
    rejections: [
      {
        trigger: 't',
        header: 'X-Hub-Signature-256',
        secret: 'ci/b key token',
        why: 'payload signature check failed',
        wayOut: "enter the same value in the Secret and in the webhook's settings at GitHub",
      },
    ],
  })
})

test('an interceptor that replaces ours by its name guards nothing here', async () => {
  const elsewhere = { clientConfig: { url: 'https://hooks.example' } }
  const objects = { cluster: new Map([['github', elsewhere]]), own: new Map() }
  expect(await guard([trigger(github('b'))], signed('a'), SECRETS, objects)).toEqual({ is: 'admitted' })
})
