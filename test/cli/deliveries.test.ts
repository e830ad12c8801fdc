/** `tektite trigger` and `tektite deliveries` against a real `tektite up`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DeliveryObject } from '../../src/resources/deliveries.js'
import { tektite } from '../helpers/cli.js'
import { callApi, engineOfFile } from '../helpers/engine.js'

const SECRET = 'a-secret-of-this-test'
const GITLAB_TOKEN = 'glpat-of-this-test'
const guarded = (name: string, interceptor: string, types: string, more = '') => `
    - name: ${name}
      interceptors:
        - ref: { name: ${interceptor} }
          params:
            - { name: secretRef, value: { secretName: hooks, secretKey: ${interceptor} } }
            - { name: eventTypes, value: [${types}] }
${more}
      bindings: [{ name: who, value: $(body.sender.login) }]
      template: { ref: hello }`
const MANIFESTS = `
apiVersion: v1
kind: Secret
metadata: { name: hooks, namespace: default }
stringData: { github: ${SECRET}, gitlab: ${GITLAB_TOKEN} }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: hello, namespace: default }
spec:
  params: [{ name: who, default: nobody }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: TaskRun
      metadata: { generateName: hello- }
      spec:
        params: [{ name: who, value: $(tt.params.who) }]
        taskSpec:
          params: [{ name: who }]
          steps: [{ name: say, image: none, script: 'test "$(params.who)" != mallory || { echo no greeting for $(params.who); exit 1; }' }]
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: default }
spec:
  triggers:${guarded('pulls', 'github', 'pull_request', `        - { name: main only, ref: { name: cel }, params: [{ name: filter, value: "body.base == 'main'" }] }`)}
${guarded('pushes', 'github', 'push')}
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: lab, namespace: default }
spec:
  triggers:${guarded('merges', 'gitlab', 'Merge Request Hook')}
`
const engine = engineOfFile('deliveries', MANIFESTS)
const { data, folder } = engine

function payload(value: unknown): string {
  const file = join(folder, `${Math.random()}.json`)
  writeFileSync(file, JSON.stringify(value))
  return file
}

const cli = (...args: readonly string[]) => tektite([...args, '--data', data])
const trigger = (...args: readonly string[]) => cli('trigger', ...args)
const json = async (...args: readonly string[]) => {
  const { stdout, code } = await cli(...args, '-o', 'json')
  return { code, object: JSON.parse(stdout) as DeliveryObject }
}
const OPENED = { base: 'main', action: 'opened', repository: { full_name: 'acme/app' }, sender: { login: 'octocat' } }

test('a delivery is signed with the Secret that the listener asks for, and followed to the end of its run', async () => {
  const { code, stdout, stderr } = await trigger('app', '-e', 'pull_request', '-f', payload(OPENED), '--wait')
  expect(stderr).toContain('signed as github with Secret default/hooks key github, which the listener asks for')
  expect(stdout).toMatch(/✔ default\/pulls {2}fired\n {5}→ TaskRun default\/hello-\w{5}\n/)
  expect(stdout).toMatch(
    /○ default\/pushes {2}filtered\n {5}interceptors\[0\] github\n {5}event type pull_request is not/,
  )
  expect(stderr).toMatch(/✔ TaskRun default\/hello-\w{5} {2}Succeeded/)
  expect(code).toBe(0)
  expect(stdout + stderr).not.toContain(SECRET)
})

test('a run that fails is told when it is waited for, and only then', async () => {
  const file = payload({ ...OPENED, sender: { login: 'mallory' } })
  expect((await trigger('app', '-e', 'push', '-f', file)).code).toBe(0)
  const waited = await trigger('app', '-e', 'push', '-f', file, '--wait')
  expect(waited.stderr).toMatch(/✘ TaskRun default\/hello-\w{5} {2}StepFailed/)
  // The end of what its failed step said comes with it.
  expect(waited.stderr).toContain('[say] no greeting for mallory\n')
  expect(waited.code).toBe(1)
})

test('when everything was filtered or refused, each trigger says why', async () => {
  const other = payload({ ...OPENED, base: 'dev' })
  const filtered = await trigger('app', '-e', 'pull_request', '-f', other)
  expect(filtered.stdout).toContain(
    'interceptors[1] cel "main only"\n     expression body.base == \'main\' did not return true',
  )
  expect(filtered.code).toBe(1)
  const refused = await trigger('app', '-e', 'push', '-f', other, '--secret', 'not the right one')
  expect(refused.stdout).toMatch(
    /✘ default\/pulls {2}rejected\n.*X-Hub-Signature-256 with Secret default\/hooks key github\n.*payload signature check failed: enter/,
  )
  expect(refused.code).toBe(1)
  const nameless = await trigger('app', '-f', other)
  expect(nameless.stderr).toContain('note: without --event no trigger')
  expect(filtered.stderr).not.toContain('--event')
  expect(nameless.code).toBe(1)
  const notTaken = await tektite(['trigger', 'app', '-f', '-', '--data', data], { input: '[1]' })
  expect(notTaken.stderr).toContain('error: answered with 400: Invalid event body format')
  expect(notTaken.code).toBe(1)
})

test('GitLab gets its own headers and its token, short event names become the header’s', async () => {
  const { code, stdout, stderr } = await trigger('default/lab', '-e', 'merge_request', '-f', payload(OPENED))
  expect(stderr).toContain('signed as gitlab with Secret default/hooks key gitlab')
  expect(stdout).toContain('✔ default/merges  fired')
  expect(code).toBe(0)
  const from = ['--secret-from', 'default/hooks:github', '--host', 'gitlab']
  expect((await trigger('lab', '-e', 'Merge Request Hook', '-f', payload(OPENED), ...from)).code).toBe(1)
})

test.each([
  [
    'an unknown listener',
    ['nope', '-f', 'FILE'],
    'EventListener "default/nope" does not exist; there are: default/app',
  ],
  ['no listener where there are two', ['-f', 'FILE'], 'there are several EventListeners (default/app, default/lab)'],
  ['a file that is not there', ['app', '-f', '/no/such'], 'the payload cannot be read: ENOENT'],
  ['a Secret that is not there', ['app', '-f', 'FILE', '--secret-from', 'a/b:c'], 'secrets "a/b" not found'],
  ['a Secret that is not named', ['app', '-f', 'FILE', '--secret-from', 'hooks'], 'of the form NAMESPACE/NAME:KEY'],
  ['no engine', ['app', '-f', 'FILE', '--data', '/no/such'], 'start one with: tektite up --data /no/such'],
])('nothing is sent to %s', async (_, args, message) => {
  const file = payload(OPENED)
  const { code, stdout, stderr } = await tektite([
    'trigger',
    '--data',
    data,
    ...args.map(arg => (arg === 'FILE' ? file : arg)),
  ])
  expect(stderr).toContain(message)
  expect([code, stdout]).toEqual([2, ''])
})

test('the history lists what came, shows why, masks what is secret, and replays into new runs', async () => {
  const guid = '72d3162e-cc78-11e3-81ab-4c9367dc0958'
  const headers = ['-H', `X-GitHub-Delivery=${guid}`, '-H', 'Authorization: Bearer for-nobody']
  const sent = await json('trigger', 'app', '-e', 'push', '-f', payload(OPENED), ...headers)
  const [first] = sent.object.status.created ?? []
  const { name } = sent.object.metadata

  const table = await cli('deliveries', '--limit', '1')
  expect(table.stdout).toMatch(/^AGE +ID +SOURCE +EVENT +LISTENER +SUBJECT +DURATION +VERDICTS\n/)
  expect(table.stdout.split('\n')[1]).toMatch(
    new RegExp(
      `^\\d+s +${name.slice(0, 8)}\\S* +github +push +default/app +acme/app opened by octocat +\\d+m?s +fired TaskRun/${first?.name}, 1 filtered$`,
    ),
  )
  for (const id of [name, name.slice(0, 8), guid, guid.slice(-12)]) {
    const shown = await cli('deliveries', 'show', id)
    expect([id, shown.code, shown.stdout]).toEqual([id, 0, expect.stringContaining(`delivery   default/${name}\n`)])
    expect(shown.stdout).toContain('x-hub-signature-256: ***')
    expect(shown.stdout).not.toMatch(/for-nobody|"base"/)
  }
  expect((await cli('deliveries', 'show', guid, '--body')).stdout).toContain(JSON.stringify(OPENED))

  const replayed = await json('deliveries', 'replay', guid)
  expect(replayed.code).toBe(0)
  expect(replayed.object.status).toMatchObject({
    phase: 'Dispatched',
    replay: 1,
    earlier: [{ replay: 0, created: [first] }],
  })
  const [again] = replayed.object.status.created ?? []
  expect(again?.name).not.toBe(first?.name)
  const annotationsOf = async (run: typeof first) =>
    (
      (await callApi(engine, 'GET', `/apis/tekton.dev/v1/namespaces/default/taskruns/${run?.name}`)).body as {
        metadata?: { annotations?: Record<string, string> }
      }
    ).metadata?.annotations
  expect(await annotationsOf(again)).toMatchObject({ 'tektite.dev/replay-of': name, 'tektite.dev/replay': '1' })
  expect(Object.keys((await annotationsOf(first)) ?? {}).filter(key => key.startsWith('tektite.dev'))).toEqual([])
  expect(await cli('deliveries', 'show', name)).toMatchObject({
    stdout: expect.stringMatching(/\ndispatch {3}.*1 fired, 1 filtered\n(.*\n)+replay 1 {3}.*1 fired, 1 filtered\n/),
  })
})

test('a copy makes no runs and says so', async () => {
  const args = ['trigger', 'app', '-e', 'push', '-f', payload(OPENED), '-H', 'X-GitHub-Delivery=twice', '-o', 'json']
  const first = await cli(...args)
  const second = await cli(...args)
  expect(first.stderr).not.toContain('it came')
  expect(second.stderr).toMatch(
    /copy {6}it came 2 times, and a copy makes no runs; for new ones: tektite deliveries replay /,
  )
  const made = ({ stdout }: { readonly stdout: string }) => (JSON.parse(stdout) as DeliveryObject).status.created
  expect(made(second)).toEqual(made(first))
})

test('a delivery that was rejected is listed, and cannot be replayed', async () => {
  await trigger('app', '-e', 'push', '-f', payload(OPENED), '--secret', 'wrong again')
  const { items } = JSON.parse((await cli('deliveries', 'list', '--verdict', 'rejected', '-o', 'json')).stdout) as {
    items: DeliveryObject[]
  }
  const [rejected] = items
  expect(rejected?.status).toMatchObject({
    phase: 'Rejected',
    message: expect.stringContaining('signature check failed'),
  })
  const replayed = await cli('deliveries', 'replay', rejected?.metadata.name ?? '')
  expect(replayed.stderr).toMatch(/error: delivery ".*" was rejected, so its body was not kept: mend the Secret/)
  expect(replayed.code).toBe(2)
  expect((await cli('deliveries', 'show', 'no-such')).stderr).toMatch(/error: no delivery "no-such": see/)
  expect((await cli('deliveries', '--listener', 'lab', '-n', 'default')).stdout).not.toContain('default/app')
  expect((await cli('deliveries', '-n', 'elsewhere')).stderr).toBe('no deliveries\n')
})
