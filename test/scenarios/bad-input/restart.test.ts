/** The engine is stopped, or killed, while a step waits: the next one finds the step and goes on with the run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import { apply, callApi, doneRun, type Engine, pathOf, startEngine, waitUntil } from '../../helpers/engine.js'
import { temporaryDirectory } from '../../helpers/temp-directory.js'

const waiting = (folder: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: waiting }
spec:
  pipelineSpec:
    tasks:
      - name: first
        taskSpec:
          steps:
            - name: before
              image: alpine
              script: echo before >> ${folder}/ledger
            - name: wait
              image: alpine
              script: |
                echo waiting >> ${folder}/ledger
                while [ ! -e ${folder}/go ]; do sleep 0.05; done
                echo waited >> ${folder}/ledger
      - name: second
        runAfter: [first]
        taskSpec:
          steps:
            - name: after
              image: alpine
              script: echo after >> ${folder}/ledger
`

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s the next engine goes on, and every step has happened exactly once',
  async signal => {
    const folder = temporaryDirectory('restart')
    const data = join(folder, 'data')
    const engines: Engine[] = []
    const start = async () => {
      const engine = await startEngine(data)
      engines.push(engine)
      return engine
    }
    // Also when an expectation fails: the step must not wait for ever, nor an engine outlive its folder.
    onTestFinished(async () => {
      writeFileSync(join(folder, 'go'), '')
      for (const engine of engines) await engine.end('SIGKILL')
    })
    const ledger = () => (existsSync(join(folder, 'ledger')) ? readFileSync(join(folder, 'ledger'), 'utf8') : '')

    const first = await start()
    await apply(first, waiting(folder))
    await waitUntil('the step to wait', () => ledger() === 'before\nwaiting\n')
    expect(await first.end(signal)).toBe(signal === 'SIGTERM' ? 0 : null)
    expect(ledger()).toBe('before\nwaiting\n')

    const second = await start()
    const { body } = await callApi(second, 'GET', `${pathOf('PipelineRun', 'default')}/waiting`)
    expect(body).toMatchObject({ status: { conditions: [{ status: 'Unknown', reason: 'Running' }] } })
    expect(ledger()).toBe('before\nwaiting\n')
    writeFileSync(join(folder, 'go'), '')
    const run = await doneRun(second, 'waiting')
    expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
    expect(ledger()).toBe('before\nwaiting\nwaited\nafter\n')
    expect(await second.end('SIGTERM')).toBe(0)
  },
  120_000,
)

test('a run that was finished before the restart is not looked at again', async () => {
  const folder = temporaryDirectory('restart')
  const engines: Engine[] = []
  onTestFinished(async () => {
    for (const engine of engines) await engine.end('SIGKILL')
  })
  writeFileSync(join(folder, 'go'), '')
  const first = await startEngine(join(folder, 'data'))
  engines.push(first)
  await apply(first, waiting(folder))
  const run = await doneRun(first, 'waiting')
  await first.end('SIGKILL')
  const second = await startEngine(join(folder, 'data'))
  engines.push(second)
  expect(second.token).toBe(first.token)
  expect(await doneRun(second, 'waiting')).toEqual(run)
  expect(readFileSync(join(folder, 'ledger'), 'utf8')).toBe('before\nwaiting\nwaited\nafter\n')
  expect(await second.end('SIGTERM')).toBe(0)
}, 120_000)
