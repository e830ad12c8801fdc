/** `tektite run --from-failed`: what succeeded in the last run of the same files is not run again. */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CliResult, tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const TOKEN = 'not-for-the-record'
/** What its step knows the Secret by. */
const MD5 = createHash('md5').update(`${TOKEN}\n`).digest('hex')

/** Every task that runs says so in a ledger outside. `check` succeeds when the folder has a file `good`. */
const pipeline = (ledger: string, note: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: build }
spec:
  pipelineSpec:
    workspaces: [{ name: source }]
    tasks:
      - name: make
        workspaces: [{ name: source }]
        taskSpec:
          workspaces: [{ name: source }]
          results: [{ name: version }]
          steps:
            - name: make
              image: bash
              workingDir: $(workspaces.source.path)
              env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: deploy, key: token } } }]
              script: |
                echo make >> ${ledger}
                test "$(echo "$TOKEN" | md5sum | cut -c1-32)" = ${MD5} && echo "$TOKEN"
                mkdir -p made/closed && echo built > made/closed/file && chmod 555 made/closed
                rm -r old; echo more >> shared; ln -s made link
                printf 1.2 > $(results.version.path)
      - name: other
        taskSpec:
          steps:
            - name: other
              image: bash
              script: echo other >> ${ledger}; true ${note}
      - name: check
        runAfter: [make]
        workspaces: [{ name: source }]
        params: [{ name: version, value: $(tasks.make.results.version) }]
        taskSpec:
          params: [{ name: version }]
          workspaces: [{ name: source }]
          steps:
            - name: check
              image: bash
              workingDir: $(workspaces.source.path)
              script: |
                echo "check $(params.version) $(cat made/closed/file link/closed/file shared | xargs) $(ls)" | xargs >> ${ledger}
                cat good
`

interface Place {
  readonly folder: string
  readonly cache: string
  readonly manifest: string
  /** What ran since the last call. */
  readonly ran: () => readonly string[]
  readonly change: (note: string) => void
  readonly run: (...flags: string[]) => Promise<CliResult>
}

function place(env: Readonly<Record<string, string>> = {}): Place {
  const home = temporaryDirectory('run-from-failed')
  const [folder, cache, ledger] = [join(home, 'source'), join(home, 'cache'), join(home, 'ledger')]
  const manifest = join(home, 'pipeline.yaml')
  mkdirSync(join(folder, 'old'), { recursive: true })
  for (const name of ['old/file', 'shared']) writeFileSync(join(folder, name), `${name}\n`)
  const change = (note: string) => writeFileSync(manifest, pipeline(ledger, note))
  change('first')
  writeFileSync(ledger, '')
  return {
    folder,
    cache,
    manifest,
    change,
    ran() {
      const lines = readFileSync(ledger, 'utf8').split('\n').filter(Boolean).sort()
      writeFileSync(ledger, '')
      return lines
    },
    run: (...flags) =>
      tektite(['run', '-f', manifest, '-w', `source=${folder}`, '--secret', 'deploy.token=env:DEPLOY', ...flags], {
        env: { XDG_CACHE_HOME: cache, DEPLOY: TOKEN, ...env },
      }),
  }
}

const CHECKED = 'check 1.2 built built shared more link made shared'

const WAYS = [
  ['as this machine does it', {}],
  ['without namespaces', { TEKTITE_ISOLATION: 'rewrite' }],
] as const

test.for(WAYS)('%s: what succeeded is taken over, with what it wrote and its results', async ([, env]) => {
  const { folder, cache, ran, run } = place(env)
  const first = await run()
  expect(first.code, first.stderr).toBe(1)
  expect(ran()).toEqual([CHECKED, 'make', 'other'])
  expect(readdirSync(folder)).toEqual(['old', 'shared'])

  writeFileSync(join(folder, 'good'), 'yes\n')
  const second = await run('--from-failed')
  expect(second.code, second.stderr).toBe(0)
  expect(ran()).toEqual([CHECKED.replace('built built shared more', 'built built shared more good')])
  expect(second.stderr.match(/ {2}taken over$/gm)).toHaveLength(2)
  expect(readdirSync(folder)).toEqual(['good', 'old', 'shared'])

  // It succeeded whole: nothing is left of it.
  expect(readdirSync(join(cache, 'tektite/last-runs'))).toEqual([])
  const third = await run('--from-failed')
  expect(third.code).toBe(2)
  expect(third.stderr).toBe(
    'error: --from-failed: no failed run of these files with these folders is remembered; leave it out to run everything\n',
  )
  expect(ran()).toEqual([])
})

test('a task that was changed runs again and says why; what both changed is refused; no Secret is kept', async () => {
  const { folder, cache, ran, run, change } = place()
  expect((await run()).code).toBe(1)
  ran()
  const records = join(cache, 'tektite/last-runs')
  expect(statSync(records).mode & 0o777).toBe(0o700)
  const holding = (text: string) =>
    readdirSync(records, { recursive: true, encoding: 'utf8' }).filter(
      name => statSync(join(records, name)).isFile() && readFileSync(join(records, name), 'utf8').includes(text),
    )
  expect(holding(TOKEN)).toEqual([])
  expect(holding('built')).toEqual(
    expect.arrayContaining([expect.stringMatching(/record\.json$/), expect.stringMatching(/made\/closed\/file$/)]),
  )

  // It fails again, and is gone on from once more.
  change('second')
  const again = await run('--from-failed')
  expect(again.code, again.stderr).toBe(1)
  expect(ran()).toEqual([CHECKED, 'other'])
  expect(again.stderr).toMatch(/note: other ran again: the task is not what TaskRun "build-other" ran\n/)
  expect((await run('--from-failed')).code).toBe(1)
  expect(ran()).toEqual([CHECKED])

  appendFileSync(join(folder, 'shared'), 'mine\n')
  const refused = await run('--from-failed')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(
    `"${join(folder, 'shared')}" was changed since, and a step of the last run had changed it too`,
  )
  expect(ran()).toEqual([])
})
