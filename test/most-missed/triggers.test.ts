/** Rows 56 to 60: from a request to what it makes. */
import { expect, test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { SILENT } from '../../src/lib/log.js'
import type { ConfigMap } from '../../src/resources/core.js'
import { send, serve } from '../listeners/http.js'
import { clusterWith, objectsIn, record } from '../listeners/world.js'
import { EVENT_ID, type Sent } from '../trigger/events.js'

/** A listener that writes what it bound into a ConfigMap, twice. */
function listener({ value = 'x', fallback = '', interceptors = '[]' }): string {
  return `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - name: note
      interceptors: ${interceptors}
      bindings: [{ name: text, value: ${JSON.stringify(value)} }]
      template:
        spec:
          params: [{ name: text${fallback && `, default: ${fallback}`} }]
          resourcetemplates:
            - apiVersion: v1
              kind: ConfigMap
              metadata: { generateName: a-, labels: { mine: kept } }
              data: { text: $(tt.params.text), uid: $(uid) }
            - { apiVersion: v1, kind: ConfigMap, metadata: { generateName: b- }, data: { uid: $(uid) } }
`
}

async function fired(given: Parameters<typeof listener>[0], sent: Sent) {
  const cluster = await clusterWith(listener(given))
  const dispatch = createDispatcher({ cluster, admission: () => ({}), log: SILENT })
  const [verdict] = await dispatch(record('ci/app', sent))
  const made = (await objectsIn(cluster, 'ConfigMap')) as readonly ConfigMap[]
  return { verdict, made, text: made[0]?.data?.['text'] }
}

test('34.56 every event is answered 202 before it is looked at, and no JSON object is 400', async () => {
  const never = '[{ ref: { name: cel }, params: [{ name: filter, value: "false" }] }]'
  const { port } = await serve({ cluster: await clusterWith(listener({ interceptors: never })) })
  const answer = await send(port, '/hooks/ci/app', { body: '{}' })
  expect(answer.status).toBe(202)
  expect(Object.keys(JSON.parse(answer.text))).toEqual(['eventListener', 'namespace', 'eventListenerUID', 'eventID'])
  for (const body of ['{', '[]']) {
    const refused = await send(port, '/hooks/ci/app', { body })
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toHaveProperty('errorMessage')
  }
})

test.each([
  ['replaces only the expression that fails', '{}', 'pre-DEF'],
  ['does not stand in for null', '{"x":null}', 'pre-null'],
  ['does not stand in for an empty text', '{"x":""}', 'pre-'],
])('34.57 the default of a binding %s', async (_, body, text) => {
  expect(await fired({ value: 'pre-$(body.x)', fallback: 'DEF' }, { body })).toMatchObject({ text })
})

test('34.58 a header by name is found in any case, its values joined; by index only as Go spells it', async () => {
  const headers = { 'x-foo': ['1', '2'] }
  expect((await fired({ value: '$(header.x-FOO)' }, { headers })).text).toBe('1,2')
  expect((await fired({ value: "$(header['X-Foo'])", fallback: 'DEF' }, { headers })).text).toContain('1')
  expect((await fired({ value: "$(header['x-foo'])", fallback: 'DEF' }, { headers })).text).toBe('DEF')
})

test('34.59 what is made bears who made it, keeps its other labels, and has one uid', async () => {
  const { made } = await fired({}, {})
  expect(made.map(({ metadata }) => metadata.labels)).toEqual([
    {
      mine: 'kept',
      'triggers.tekton.dev/eventlistener': 'app',
      'triggers.tekton.dev/trigger': 'note',
      'triggers.tekton.dev/triggers-eventid': EVENT_ID,
    },
    expect.objectContaining({ 'triggers.tekton.dev/triggers-eventid': EVENT_ID }),
  ])
  const [first, second] = made.map(({ data }) => data?.['uid'])
  expect(first).toMatch(/^[0-9a-f-]{36}$/)
  expect(second).toBe(first)
})

const overlay = (...overlays: readonly string[]) => {
  const list = overlays.map((expression, n) => ({ key: `o${n}`, expression }))
  return `[{ ref: { name: cel }, params: [{ name: overlays, value: ${JSON.stringify(list)} }] }]`
}

test('34.60 overlays see the input as it came, and their numbers are those of CEL', async () => {
  const body = '{"n":5}'
  const sees = { interceptors: overlay('body.n', 'has(extensions.o0)'), value: '$(extensions.o1)' }
  expect((await fired(sees, { body })).text).toBe('false')
  expect((await fired({ interceptors: overlay('int(body.n)+1'), value: '$(extensions.o0)' }, { body })).text).toBe('6')
  expect((await fired({ interceptors: overlay('body.n+1.0'), value: '$(extensions.o0)' }, { body })).text).toBe('6')
})

test.each(['null', '1u', 'body.n+1'])('34.60 an overlay of %s fails the trigger', async expression => {
  const { verdict, made } = await fired({ interceptors: overlay(expression) }, { body: '{"n":5}' })
  expect(verdict).toMatchObject({ is: 'failed' })
  expect(made).toEqual([])
})
