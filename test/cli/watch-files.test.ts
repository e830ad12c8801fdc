import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watchFiles } from '../../src/cli/run/watch-files.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

function repository(): string {
  const folder = temporaryDirectory('watch-files')
  execFileSync('git', ['-C', folder, 'init', '-q'])
  for (const name of ['src/deep', 'node_modules/package']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n*.log\n')
  writeFileSync(join(folder, 'src/deep/file'), '')
  return folder
}

test('the first change is told; .git and what git ignores are not looked at', async () => {
  const folder = repository()
  const files = await watchFiles([folder])
  writeFileSync(join(folder, '.git/ORIG_HEAD'), 'x')
  writeFileSync(join(folder, 'node_modules/package/index.js'), 'x')
  writeFileSync(join(folder, 'src/some.log'), 'x')
  writeFileSync(join(folder, 'src/deep/file'), 'changed')
  expect(await files.changed).toBe(join(folder, 'src/deep/file'))
  files.close()
})

test('one file that is replaced, as editors do it', async () => {
  const folder = repository()
  const file = join(folder, 'src/deep/file')
  const files = await watchFiles([file])
  writeFileSync(join(folder, 'src/deep/other'), '')
  writeFileSync(join(folder, 'new'), 'new')
  renameSync(join(folder, 'new'), file)
  expect(await files.changed).toBe(file)
  files.close()
})

test('run --watch: a change begins another round, also while one runs; an interrupt ends it', async () => {
  const folder = repository()
  const manifest = join(folder, 'task.yaml')
  const task = (script: string) =>
    `apiVersion: tekton.dev/v1\nkind: Task\nmetadata: { name: t }\nspec: { steps: [{ name: s, image: bash, script: ${JSON.stringify(script)} }] }\n`
  writeFileSync(manifest, task('echo first'))
  let seen = ''
  const steps: (readonly [string, () => void])[] = []
  const { code, stderr } = await tektite(['run', '-f', manifest, '--watch'], {
    started: child => {
      steps.push(
        ['waiting for a change', () => writeFileSync(manifest, task('echo second; sleep 4714'))],
        ['[t-run', () => undefined],
        ['] second', () => writeFileSync(manifest, task('echo third'))],
        ['] third', () => child.kill('SIGINT')],
      )
      child.stderr?.on('data', (text: string) => {
        seen += text
        while (steps[0] !== undefined && seen.includes(steps[0][0])) {
          seen = seen.slice(seen.indexOf(steps[0][0]) + steps[0][0].length)
          steps.shift()?.[1]()
        }
      })
    },
  })
  expect(steps, stderr).toEqual([])
  expect(stderr.match(/── round \d/g)).toEqual(['── round 1', '── round 2', '── round 3'])
  expect(stderr).not.toContain('4714')
  expect([0, 130]).toContain(code)
})
