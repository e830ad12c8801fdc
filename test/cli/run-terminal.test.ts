/** `tektite run` on a terminal, as a person has it: `script` of util-linux makes one. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const BREAKS = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: breaks }
spec:
  tasks:
    - name: build
      taskSpec:
        steps:
          - name: go
            image: bash
            workingDir: /workspace
            env: [{ name: MINE, value: of-the-step }]
            script: test -e fixed
`

interface OnTerminal {
  readonly code: number | null
  readonly output: string
}

/** Types each answer when its question has come. */
function onTerminal(
  args: readonly string[],
  answers: readonly (readonly [question: string, typed: string])[],
): Promise<OnTerminal> {
  const command = [process.execPath, join(ROOT, 'bin/tektite.js'), ...args].map(word => `'${word}'`).join(' ')
  const { NO_COLOR: _, CI: __, ...inherited } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: ROOT,
      env: { ...inherited, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let output = ''
    let answered = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const [question, typed] = answers[answered] ?? []
      if (question !== undefined && output.includes(question)) {
        answered += 1
        child.stdin.write(typed)
      }
    })
    child.once('error', reject)
    child.once('close', code => resolve({ code, output }))
  })
}

function manifest(text: string): string {
  const file = join(temporaryDirectory('run-terminal'), 'manifest.yaml')
  writeFileSync(file, text)
  return file
}

test('--debug-on-failure: a shell with the step’s folder and variables, and the run fails on exit', async () => {
  const { code, output } = await onTerminal(
    ['run', '-f', manifest(BREAKS), '--debug-on-failure'],
    [['go on as failed', 'echo "[$MINE $PWD]"; exit\n']],
  )
  expect(output).toContain('[of-the-step /workspace]')
  expect(output).toContain('StepFailed')
  expect(code).toBe(1)
})

test('--debug-on-failure: what was mended there goes on as if the step had succeeded', async () => {
  const { code, output } = await onTerminal(
    ['run', '-f', manifest(BREAKS), '--debug-on-failure'],
    [['go on as failed', 'touch fixed && /tekton/scripts/script-0 && /tekton/debug/scripts/debug-continue; exit\n']],
  )
  expect(code, output).toBe(0)
})

test('params are asked for, and the tree ends with the cursor shown', async () => {
  const text = BREAKS.replace('  tasks:', '  params: [{ name: who, description: whom to greet }]\n  tasks:').replace(
    'test -e fixed',
    'echo "hello $(params.who)"',
  )
  const { code, output } = await onTerminal(
    ['run', '-f', manifest(text), '--showlog'],
    [['param who (whom to greet): ', 'you\n']],
  )
  expect(code, output).toBe(0)
  expect(output).toContain('[build : go]')
  expect(output).toContain('hello you')
  expect(output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(output.lastIndexOf('\u001b[?25l'))
})
