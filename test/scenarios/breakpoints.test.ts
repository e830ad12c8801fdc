/** A TaskRun with breakpoints, let go on from another process of this machine as docs/local.md says. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { breakpointsOf } from '../../src/pod/breakpoints.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const manifest = (mark: string) => `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: look }
spec:
  debug: { breakpoints: { onFailure: enabled, beforeSteps: [second] } }
  taskSpec:
    results: [{ name: path }]
    steps:
      - name: first
        image: any
        script: |
          # ${mark}
          echo seen > /workspace/left-behind
          exit 3
      - name: second
        image: any
        onError: continue
        script: cat /workspace/left-behind /workspace/put-there > $(results.path.path)
`

test('a step that failed and one before it begins are let go on from outside', async () => {
  const folder = temporaryDirectory('breakpoints')
  const file = join(folder, 'run.yaml')
  writeFileSync(file, manifest(folder))
  const run = tektite(['run', '-f', file, '-o', 'json', '--timeout', '60s'])

  const first = await waitingAt(folder, 0)
  expect(readFileSync(`/proc/${first}/root/workspace/left-behind`, 'utf8'), 'the files are as the step left them').toBe(
    'seen\n',
  )
  writeFileSync(`/proc/${first}/root/workspace/put-there`, 'by hand\n')
  writeFileSync(`/proc/${first}/root/tekton/run/0/out.breakpointexit`, '0\n')
  const second = await waitingAt(folder, 1)
  writeFileSync(`/proc/${second}/root/tekton/run/1/out.beforestepexit`, '')

  const { code, stdout, stderr } = await run
  expect(code, stderr).toBe(0)
  const { items } = JSON.parse(stdout) as { items: { status: { results: unknown[]; steps: object[] } }[] }
  expect(items[0]?.status.results).toEqual([{ name: 'path', type: 'string', value: 'seen\nby hand\n' }])
  expect(items[0]?.status.steps).toMatchObject([
    { name: 'first', terminated: { exitCode: 0 } },
    { name: 'second', terminated: { exitCode: 0 } },
  ])
})

test.each([
  ['debug-continue', 'out.breakpointexit', '0\n'],
  ['debug-fail-continue', 'out.breakpointexit', '1\n'],
  ['debug-beforestep-continue', 'out.beforestepexit', '0\n'],
  ['debug-beforestep-fail-continue', 'out.beforestepexit.err', '1\n'],
])('the script %s writes what the entrypoint waits for', (script, file, content) => {
  const { annotations } = breakpointsOf({ breakpoints: { onFailure: 'enabled', beforeSteps: ['b'] } }, ['a', 'b', 'c'])
  const folder = temporaryDirectory('debug-scripts')
  mkdirSync(join(folder, 'debug/info/1'), { recursive: true })
  mkdirSync(join(folder, 'run/1'), { recursive: true })
  const text = annotations[`tektite.dev/${script}`]?.replaceAll('/tekton/', `${folder}/`) ?? 'exit 1'
  expect(execFileSync('sh', ['-c', text], { encoding: 'utf8' })).toBe('Executing step 1...\n')
  expect(readdirSync(join(folder, 'run/1'))).toEqual([file])
  expect(readFileSync(join(folder, 'run/1', file), 'utf8')).toBe(content)
})

/** The entrypoint of step `index` of the Pod whose files carry the mark: the only process of it that is left to wait. */
async function waitingAt(mark: string, index: number): Promise<number> {
  const end = performance.now() + 30_000
  for (;;) {
    for (const name of readdirSync('/proc').filter(one => /^\d+$/.test(one))) {
      const words = readOr(`/proc/${name}/cmdline`).split('\0')
      const ours = words.includes(`/tekton/run/${index}/out`) && words.includes('-breakpoint_on_failure')
      if (!ours || words[words.indexOf('-post_file') + 1] !== `/tekton/run/${index}/out`) continue
      const script = readOr(`/proc/${name}/root/tekton/scripts/script-0`)
      const stops = index === 0 || readOr(`/proc/${name}/root/tekton/run/0/out.breakpointexit`) !== ''
      const children = readOr(`/proc/${name}/task/${name}/children`).trim()
      const left = readOr(`/proc/${name}/root/workspace/left-behind`) !== ''
      if (script.includes(mark) && stops && left && children === '') return Number(name)
    }
    if (performance.now() > end) throw new Error(`no step ${index} came to wait`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // a process or file that comes and goes
  }
}
