/** The completion scripts in the three real shells, against a server that has names of every kind. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { completionLines } from '../../src/cli/completion/candidates.js'
import { ROOT, tektite } from '../helpers/cli.js'

const run = promisify(execFile)

interface World {
  readonly folder: string
  /** The flags that lead to the server. */
  readonly place: string
  readonly close: () => void
}
let world: World

const HOSTILE = [
  '$(touch ran)',
  '`touch ran`',
  'a;touch ran',
  'a\ntouch ran',
  'a\ttouch',
  '../*',
  "a'b",
  'a b',
  '*',
  '~',
]

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tektite-completion-'))
  const names = [...HOSTILE, 'build', 'broken']
  const items = names.map(name => ({ apiVersion: 'tekton.dev/v1', kind: 'Pipeline', metadata: { name } }))
  const server = createServer((_request, response) => response.end(JSON.stringify({ items })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  writeFileSync(join(folder, 'token'), 'a-token')
  writeFileSync(join(folder, 'tektite'), `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/tektite.js' "$@"\n`)
  chmodSync(join(folder, 'tektite'), 0o755)
  const { port } = server.address() as AddressInfo
  const place = `--server http://127.0.0.1:${port} --token-file ${folder}/token`
  world = { folder, place, close: () => server.close() }
})
afterAll(() => {
  world.close()
  rmSync(world.folder, { recursive: true, force: true })
})

async function complete(shell: 'bash' | 'zsh' | 'fish', line: string): Promise<readonly string[]> {
  const words = line.split(' ')
  const quoted = words.map(word => `'${word}'`).join(' ')
  const asked = {
    bash: [
      '--norc',
      '-c',
      `source <(tektite completion bash); COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _tektite; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    // What would be added to the command line, as zsh's own completion is told.
    zsh: [
      '-f',
      '-c',
      `source <(tektite completion zsh); (( \${+_comps[tektite]} )) || exit 9; words=(${quoted}); CURRENT=${words.length}; compadd() { print -rl -- $values }; _tektite`,
    ],
    fish: ['--no-config', '-c', `tektite completion fish | source; complete -C "${line}"`],
  }[shell]
  const { folder } = world
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: folder, XDG_DATA_HOME: folder }
  const { stdout, stderr } = await run(shell, asked, { cwd: folder, env })
  expect(stderr).toBe('')
  const lines = stdout.split('\n').filter(each => each !== '')
  // fish says what each is, behind a tab.
  return lines.map(each => each.split('\t')[0] ?? '').sort()
}

const SHELLS = ['bash', 'zsh', 'fish'] as const

test.each(SHELLS)('%s completes commands, flags and values', async shell => {
  expect(await complete(shell, 'tektite pipelin')).toEqual(['pipeline', 'pipelinerun'])
  expect(await complete(shell, 'tektite pr l')).toEqual(['list', 'logs'])
  expect(await complete(shell, 'tektite pipeline start --use-')).toEqual(['--use-param-defaults', '--use-pipelinerun'])
  expect(await complete(shell, 'tektite pr cancel x --grace C')).toEqual(['CancelledRunFinally'])
})

test.each(SHELLS)('%s completes names of what is there, and runs nothing that a name says', async shell => {
  const { folder, place } = world
  expect(await complete(shell, `tektite pipeline start ${place} `)).toEqual(['broken', 'build'])
  expect(await complete(shell, `tektite pipeline start ${place} bu`)).toEqual(['build'])
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

test('only words that no shell reads as more than a word are offered, each on a line of its own', () => {
  const candidates = [...HOSTILE, 'good', '-f', 'arn:aws:eks:eu:1:cluster/x', 'me@host'].map(text => ({
    text,
    about: '',
  }))
  expect(completionLines(candidates, '').split('\n')).toEqual([
    'good',
    '-f',
    'arn:aws:eks:eu:1:cluster/x',
    'me@host',
    '',
  ])
  expect(completionLines([{ text: 'x', about: 'two\nlines\tand \u001b[31mred' }], '')).toBe(
    'x\ttwo lines and  [31mred\n',
  )
})

test('where nothing can be looked up, nothing is offered, and nothing is said', async () => {
  const { code, stdout, stderr } = await tektite(
    ['__complete', 'pipeline', 'start', '--data', '/no/such/folder', ''],
    {},
  )
  expect([code, stdout, stderr]).toEqual([0, '', ''])
})

test('contexts come from the kubeconfig, the current one first', async () => {
  const file = join(world.folder, 'kubeconfig')
  const contexts = ['b', 'a'].map(name => ({ name, context: { cluster: 'c' } }))
  writeFileSync(file, JSON.stringify({ contexts, 'current-context': 'a' }))
  const { stdout } = await tektite(['__complete', 'pr', 'list', '-k', file, '-c', ''])
  expect(stdout).toBe('a\nb\n')
})
