/** `tektite eval` as a process. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readRequest } from '../../src/cli/request.js'
import { SHARED, tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

/** As the README of Tekton's cel-eval has it, with a length that is wrong. */
const REQUEST = `POST /foo?x=1 HTTP/1.1
Content-Length: 2
Content-Type: application/json
X-Header: tacocat

{"test": {"nested": "value"}, "ref": "refs/heads/main", "n": 3}
`

const MANIFESTS = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata: { name: binding }
spec:
  params:
    - { name: branch, value: $(extensions.branch) }
    - { name: nested, value: $(body.test.nested) }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: template }
spec:
  params: [{ name: nested }, { name: what, default: all }]
  resourcetemplates:
    - apiVersion: v1
      kind: ConfigMap
      metadata: { generateName: made- }
      data: { nested: $(tt.params.nested), what: $(tt.params.what) }
---
apiVersion: v1
kind: Secret
metadata: { name: known }
stringData: { key: tacocat }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: listener }
spec:
  triggers:
    - name: build
      bindings: [{ ref: binding }]
      template: { ref: template }
      interceptors:
        - ref: { name: cel }
          params:
            - { name: filter, value: "header.canonical('x-header').compareSecret('key', 'known')" }
            - { name: overlays, value: [{ key: branch, expression: "body.ref.split('/')[2]" }] }
    - name: tag
      template: { ref: template }
      interceptors:
        - ref: { name: cel }
          params: [{ name: filter, value: "body.ref.startsWith('refs/tags/')" }]
    - name: broken
      template: { ref: template }
      interceptors:
        - ref: { name: cel }
          params: [{ name: filter, value: body.pull_request.number == 1 }]
`

function files() {
  const folder = temporaryDirectory('eval')
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return { request: write('http.txt', REQUEST), manifests: write('manifests.yaml', MANIFESTS) }
}

test('results are JSON, one a line', async () => {
  const { request } = files()
  const expressions = [
    'body.ref.split("/")[2]',
    'body.test',
    'requestURL',
    "header.match('x-header', 'tacocat')",
    'null',
  ]
  const args = expressions.flatMap(expression => ['-e', expression])
  expect(await tektite(['eval', 'cel', '-r', request, ...args])).toEqual({
    code: 0,
    stdout: '"main"\n{"nested":"value"}\n"/foo?x=1"\ntrue\nnull\n',
    stderr: '',
  })
})

test('what is false says which part of it, and what it looked at', async () => {
  const { request } = files()
  const expression = "body.n == 3 && body.ref.startsWith('refs/tags/')"
  expect(await tektite(['eval', 'cel', '-r', request, '-e', expression])).toEqual({
    code: 0,
    stdout: 'false\n',
    stderr: 'body.ref.startsWith("refs/tags/") is false, body.ref is "refs/heads/main"\n',
  })
})

test('a mistake is 1, and shows its place; the other expressions have their turn', async () => {
  const { request } = files()
  const { code, stdout, stderr } = await tektite([
    'eval',
    'cel',
    '-r',
    request,
    '-e',
    'body.n * 2',
    '-e',
    'boddy.n',
    '-e',
    'body.n',
  ])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '3\n' })
  expect(stderr).toBe(`error: expression "body.n * 2" failed to evaluate: no such overload
error: expression "boddy.n" check failed: ERROR: <input>:1:1: undeclared reference to 'boddy' (in container '')
 | boddy.n
 | ^
`)
})

test('a body on standard input, headers as flags', async () => {
  const args = ['-b', '-', '-H', 'X-GitHub-Event: push', '-e', "header.match('x-github-event', 'push') && body.ok"]
  const result = await tektite(['eval', 'cel', ...args], { input: '{"ok": true}' })
  expect(result).toEqual({ code: 0, stdout: 'true\n', stderr: '' })
})

test('a request as the examples keep it, byte for byte', async () => {
  const folder = join(SHARED, 'triggers-examples/github')
  const manifests = ['github-eventlistener-interceptor.yaml', 'secret.yaml'].flatMap(file => ['-f', join(folder, file)])
  const { code, stdout, stderr } = await tektite(['eval', 'trigger', ...manifests, '-r', join(folder, 'request.json')])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^# trigger github-listener: fired\n---\n/)
  expect(objectsIn(stdout)).toMatchObject([{ kind: 'TaskRun', metadata: { generateName: 'github-run-' } }])
})

test('bindings print their params', async () => {
  const { request, manifests } = files()
  const args = ['eval', 'binding', '-f', manifests, '-r', request]
  const bound = await tektite([...args, '--extensions', '{"branch": "main"}'])
  expect(bound.code).toBe(0)
  expect(JSON.parse(bound.stdout)).toEqual([
    { name: 'branch', value: 'main' },
    { name: 'nested', value: 'value' },
  ])
  const { code, stderr } = await tektite(args)
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'error: failed to ApplyEventValuesToParams: failed to replace JSONPath value for param branch: $(extensions.branch): branch is not found\n',
  })
})

test('templates print their objects, of params and of a request', async () => {
  const { request, manifests } = files()
  const given = await tektite(['eval', 'template', '-f', manifests, '-p', 'nested=a "b"'])
  expect(given).toMatchObject({ code: 0, stderr: '' })
  expect(objectsIn(given.stdout)).toMatchObject([{ kind: 'ConfigMap', data: { nested: 'a "b"', what: 'all' } }])
  const args = ['-r', request, '--extensions', '{"branch": "main"}', '-p', 'what=one']
  const bound = await tektite(['eval', 'template', '-f', manifests, ...args])
  expect(objectsIn(bound.stdout)).toMatchObject([{ data: { nested: 'value', what: 'one' } }])
  const typo = await tektite(['eval', 'template', '-f', manifests, '-p', 'nestd=a'])
  expect(typo.code).toBe(0)
  expect(typo.stderr).toMatch(
    /^note: the template has no param "nestd"; it has .*nested.*\nnote: nothing gives param "nested": it stays as it is written\n$/,
  )
})

test('triggers say what became of them, with Secrets from the files', async () => {
  const { request, manifests } = files()
  const { code, stdout, stderr } = await tektite(['eval', 'trigger', '-f', manifests, '-r', request])
  expect(code).toBe(1)
  expect(stdout.split('\n').filter(line => line.startsWith('#'))).toEqual([
    '# trigger build: fired',
    `# trigger tag: filtered by interceptors[0] cel: expression body.ref.startsWith('refs/tags/') did not return true: body.ref is "refs/heads/main"`,
  ])
  expect(stderr).toMatch(/^error: trigger broken: interceptors\[0\] cel: .*no such key: pull_request\n$/)
  expect(objectsIn(stdout)).toMatchObject([{ metadata: { namespace: 'default' }, data: { nested: 'value' } }])
  const one = await tektite(['eval', 'trigger', '-f', manifests, '-r', request, '--trigger', 'build'])
  expect(one).toMatchObject({ code: 0, stderr: '' })
  const none = await tektite(['eval', 'trigger', '-f', manifests, '-r', request, '--trigger', 'biuld'])
  expect(none.stderr).toMatch(/has no trigger "biuld"; it has "build", "tag", "broken"/)
  expect(none.code).toBe(2)
})

test.each([
  ['a file that is not there', ['cel', '-e', '1', '-r', 'no-such-file'], 'file "no-such-file" cannot be read'],
  ['a body that is no JSON', ['cel', '-e', '1', '-b', '-'], 'the body is no JSON'],
  ['a request that is neither', ['cel', '-e', '1', '-r', '-'], 'neither HTTP nor JSON'],
  ['no expression', ['cel'], "required option '-e, --expression <cel>'"],
  ['a header that is none', ['cel', '-e', '1', '-H', 'nothing'], "It must be of the form 'Name: value'."],
  ['extensions that are none', ['cel', '-e', '1', '--extensions', '[]'], '--extensions is no JSON object'],
  ['a Secret that nobody gave', ['cel', '-e', "'x'.compareSecret('k', 's')"], 'give the Secret with -f'],
  ['no template', ['template', '-f', join(SHARED, 'triggers-examples/github/secret.yaml')], 'no TriggerTemplate'],
  ['no listener', ['trigger', '-f', join(SHARED, 'triggers-examples/github/secret.yaml')], 'no EventListener'],
  ['what nobody knows', ['pipeline'], "unknown command 'pipeline'"],
] as const)('%s is 2', async (_, args, message) => {
  const { code, stderr } = await tektite(['eval', ...args], { input: 'no request' })
  expect({ code, said: stderr.includes(message) }, stderr).toEqual({ code: 2, said: true })
})

test('raw requests may have carriage returns, repeated headers and no body', () => {
  const raw = 'POST / HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\n\r\n{"a":\r\n\r\n1}'
  expect(readRequest(raw)).toEqual({ url: '/', headers: { 'x-a': ['1', '2'] }, body: Buffer.from('{"a":\r\n\r\n1}') })
  expect(readRequest('GET /x HTTP/1.1\nHost: h')).toMatchObject({ url: '/x', body: Buffer.alloc(0) })
  expect(readRequest('GET /x HTTP/1.1\nHost h')).toContain('a header without a colon: "Host h"')
})

function objectsIn(text: string): readonly unknown[] {
  return parseAllDocuments(text)
    .map(document => document.toJS() as unknown)
    .filter(object => object !== null)
}

test('a body is signed as its git host would, with the Secret of the files that the trigger asks for', async () => {
  const folder = temporaryDirectory('eval')
  const manifests = join(folder, 'listener.yaml')
  const body = join(folder, 'body.json')
  writeFileSync(body, '{"ref": "refs/heads/main"}')
  writeFileSync(
    manifests,
    `
apiVersion: v1
kind: Secret
metadata: { name: hooks }
stringData: { token: a-secret-of-this-test }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app }
spec:
  triggers:
    - name: pushes
      interceptors:
        - ref: { name: github }
          params:
            - { name: secretRef, value: { secretName: hooks, secretKey: token } }
            - { name: eventTypes, value: [push] }
      template: { spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: made- } }] } }
`,
  )
  const evaluate = (...flags: readonly string[]) => tektite(['eval', 'trigger', '-f', manifests, '-b', body, ...flags])
  expect(await evaluate('--event', 'push')).toMatchObject({ code: 0, stdout: expect.stringContaining('pushes: fired') })
  const others = [
    await evaluate(),
    await evaluate('--event', 'push', '--secret', 'wrong'),
    await evaluate('--event', 'pull_request'),
  ]
  expect(others.map(({ code }) => code)).toEqual([1, 1, 1])
  expect(others[1]?.stdout).toContain('payload signature check failed')
  expect(others[2]?.stdout).toContain('event type pull_request is not')
})
