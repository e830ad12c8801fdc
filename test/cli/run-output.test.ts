/** What `tektite run` prints, and what it takes besides files. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const HOSTILE = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: hostile }
spec:
  params: [{ name: who }, { name: many, type: array }, { name: map, type: object, properties: { a: {} } }]
  tasks:
    - name: speak
      taskSpec:
        steps:
          - name: one
            image: bash
            env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: deploy, key: token, optional: true } } }]
            script: |
              printf '\\033[31mred\\033[0m\\t\\033]0;title\\007\\033[2J\\n10%%\\r100%%\\nno end'
              printf ' $(params.who) $(params.many[1]) $(params.map.a)'
              [ -z "$TOKEN" ] || printf ' secret of %s characters' \${#TOKEN}
          - name: two
            image: bash
            script: echo second >&2
`

function manifest(text = HOSTILE): { readonly folder: string; readonly file: string } {
  const folder = temporaryDirectory('run-output')
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, text)
  return { folder, file }
}

const PARAMS = ['-p', 'who=me', '-p', 'many=a', '-p', 'many=b', '-p', 'map={"a":"c"}']

test('output comes in lines that say whose it is, without a single control character', async () => {
  const { file } = manifest()
  const { code, stdout, stderr } = await tektite(['run', '-f', file, ...PARAMS], { env: { CI: 'true', NO_COLOR: '' } })
  expect(code, stderr).toBe(0)
  expect(stdout).toBe('')
  expect(Buffer.from(stderr).filter(byte => (byte < 0x20 && byte !== 0x0a) || byte === 0x7f)).toHaveLength(0)
  const lines = stderr.split('\n').filter(line => line.startsWith('['))
  expect(lines.filter(line => line.includes(': one]'))).toEqual([
    '[speak : one] red     ',
    '[speak : one] 100%',
    '[speak : one] no end me b c',
  ])
  expect(lines).toContain('[speak : two] second')
})

test('--no-showlog leaves it out', async () => {
  const { file } = manifest()
  const { stderr } = await tektite(['run', '-f', file, ...PARAMS, '--no-showlog'])
  expect(stderr).toContain('Succeeded')
  expect(stderr).not.toContain('second')
})

test('a params file, and flags before it', async () => {
  const { folder, file } = manifest()
  const params = join(folder, 'params.yaml')
  writeFileSync(params, 'who: file\nmany: [1, true]\nmap: { a: 1.5 }\n')
  const { stderr } = await tektite(['run', '-f', file, '--params-file', params, '-p', 'who=flag'])
  expect(stderr).toContain('[speak : one] no end flag true 1.5\n')
})

test('secrets of files and variables reach the step', async () => {
  const { folder, file } = manifest()
  writeFileSync(join(folder, 'token'), 'from-a-file')
  const variable = await tektite(['run', '-f', file, ...PARAMS, '--secret', 'deploy.token=env:MINE'], {
    env: { MINE: 'four-and-more' },
  })
  expect(variable.stderr).toContain('secret of 13 characters')
  const named = await tektite(['run', '-f', file, ...PARAMS, '--secret', `deploy=@${join(folder, 'token')}`])
  expect(named.stderr).toContain('secret of 11 characters')
})

test('what is missing is named all at once, with the flags', async () => {
  const { file } = manifest(HOSTILE.replace('  tasks:', '  workspaces: [{ name: source }]\n  tasks:'))
  const { code, stderr } = await tektite(['run', '-f', file, '-p', 'who=me'])
  expect(code).toBe(2)
  expect(stderr).toBe(
    'error: Pipeline "hostile" needs params "many", "map" and workspace "source"; give -p many=VALUE -p map=VALUE -w source=DIR, or params as a map in --params-file\n',
  )
})

test.for([
  ['a secret in an argument', ['--secret', 'deploy.token=hunter2'], 'can be read by everybody'],
  ['a secret from a variable that is not set', ['--secret', 'deploy.token=env:NO_SUCH'], 'NO_SUCH is not set'],
  ['a secret from a file that is not there', ['--secret', 'deploy=@/no/such'], '"/no/such" cannot be read'],
  ['a params file that is not there', ['--params-file', '/no/such'], '"/no/such" cannot be read'],
  ['--watch with --write-back', ['--watch', '--write-back'], 'do not go together'],
] as const)('%s is refused', async ([, flags, message]) => {
  const { file } = manifest()
  const { code, stderr } = await tektite(['run', '-f', file, ...PARAMS, ...flags])
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('hunter2')
})

test('a folder of files: the Pipeline in it is run with the Tasks beside it', async () => {
  const folder = temporaryDirectory('run-output')
  mkdirSync(join(folder, 'deep'))
  writeFileSync(
    join(folder, 'task.yaml'),
    'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: { name: t }\nspec: { steps: [{ name: s, image: bash, script: echo beside }] }\n',
  )
  writeFileSync(
    join(folder, 'pipeline.yml'),
    'apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: { name: p }\nspec: { tasks: [{ name: a, taskRef: { name: t } }] }\n',
  )
  const { code, stderr } = await tektite(['run', '-f', folder])
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('[a : s] beside\n')
})
