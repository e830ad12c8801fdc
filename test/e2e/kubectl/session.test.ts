/** How pages of commands are read and compared, what docs/kubectl.md claims of them, and that there is a kubectl. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cases } from '../../helpers/cases.js'
import { ROOT } from '../../helpers/cli.js'
import { KUBECTLS } from '../../helpers/kubectl.js'
import { isFor, parseSession, renderStep } from './session.js'

const PAGE = `Some text.

\`\`\`console
$ kubectl apply -f - <<EOF
> kind: Task
>
> EOF
task.tekton.dev/a created
$ kubectl get nothing
! error: none

! of that kind
[1]
\`\`\`
$ not a command
`

test('a page is taken apart into commands, what is expected of them, and text', () => {
  const steps = parseSession(PAGE)
  const commands = steps.filter(step => step.command !== undefined)
  expect(commands).toMatchObject([
    { command: 'kubectl apply -f - <<EOF\nkind: Task\n\nEOF', expected: ['task.tekton.dev/a created'] },
    { command: 'kubectl get nothing', expected: ['! error: none', '', '! of that kind', '[1]'] },
  ])
  expect(`${steps.flatMap(step => [...step.source, ...step.expected]).join('\n')}\n`).toBe(PAGE)
})

test('output of no command is a mistake of the page', () => {
  expect(() => parseSession('```console\nkubectl get pods\n```\n')).toThrow('begins with a command: kubectl get pods')
})

test.each(
  cases({
    'the same': { expected: 'a  b', stdout: 'a  b\n', fits: true },
    'other widths': { expected: 'NAME   AGE', stdout: 'NAME        AGE   \n', fits: true },
    'one space is not two': { expected: 'NAME AGE', stdout: 'NAME  AGE\n', fits: false },
    'other indentation': { expected: '  a', stdout: 'a\n', fits: false },
    'an age': { expected: 'x   <age>', stdout: 'x   5m3s\n', fits: true },
    'no age': { expected: 'x   <age>', stdout: 'x   <unknown>\n', fits: false },
    'any lines': { expected: 'a\n...\nz', stdout: 'a\nb\nc\nz\n', fits: true },
    'any lines, none of them': { expected: 'a\n...\nz', stdout: 'a\nz\n', fits: true },
    'any lines, but not the last': { expected: 'a\n...\nz', stdout: 'a\nb\n', fits: false },
    'any text': { expected: 'at <any>: 1', stdout: 'at (home): 1\n', fits: true },
    'more than is expected': { expected: 'a', stdout: 'a\nb\n', fits: false },
    'nothing where something is expected': { expected: 'a', stdout: '', fits: false },
    'marks of patterns are text': { expected: 'a.b*(c)', stdout: 'aXb*(c)\n', fits: false },
    'a placeholder that is none': { expected: '<none>', stdout: '<none>\n', fits: true },
  }),
)('expected and seen: %s', (_, { expected, stdout, fits }) => {
  const step = { source: ['$ x'], command: 'x', expected: expected.split('\n') }
  const rendered = renderStep(step, { stdout, stderr: '', code: 0 })
  const seen = stdout === '' ? [] : stdout.trimEnd().split('\n')
  expect(rendered.slice(1).map(line => line.trimEnd())).toEqual(
    fits ? expected.split('\n') : seen.map(line => line.trimEnd()),
  )
})

test('what goes to standard error and the exit code are told apart', () => {
  const step = { source: ['$ x'], command: 'x', expected: [] }
  expect(renderStep(step, { stdout: 'a\n', stderr: 'b\n', code: 3 })).toEqual(['$ x', 'a', '! b', '[3]'])
  expect(renderStep(step, { stdout: '', stderr: '', code: null })).toEqual(['$ x', '[killed]'])
})

test.each(
  cases({
    'since, older': { line: '$ x # since 1.23', version: '1.9.9', is: false },
    'since, the same': { line: '$ x # since 1.23', version: '1.23.0', is: true },
    'before, the same': { line: '$ x # before 1.23', version: '1.23.0', is: false },
    'before, older': { line: '$ x # before 1.23', version: '1.20.2', is: true },
    'for all': { line: '$ x', version: '1.20.2', is: true },
  }),
)('versions: %s', (_, { line, version, is }) => {
  expect(isFor({ source: [line], command: line.slice(2), expected: [] }, version)).toBe(is)
})

test('there is a kubectl to try', () => {
  expect(KUBECTLS.length).toBeGreaterThan(0)
  expect(KUBECTLS.map(kubectl => kubectl.version)).toEqual([...new Set(KUBECTLS.map(kubectl => kubectl.version))])
})

test('every command that docs/kubectl.md says is there is tried, and the other way round', () => {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/kubectl.md'), 'utf8').split('## Command by command\n')
  const claimed = [...section.matchAll(/^\| `kubectl ([a-z-]+)` \|/gm)].map(([, command]) => command)
  const folder = join(import.meta.dirname, 'sessions')
  const pages = readdirSync(folder).map(page => readFileSync(join(folder, page), 'utf8'))
  const commands = pages
    .flatMap(parseSession)
    .flatMap(({ command = '' }) => [...command.matchAll(/\bkubectl ([a-z-]+)/g)])
  const tried = new Set(commands.map(([, command]) => command))
  expect(claimed.sort()).toEqual([...tried].sort())
})
