/** Steps that stop where the user wants to look, and go on by his word. */
import { existsSync, mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { EntrypointOptions } from '../../src/pod/entrypoint-args.js'
import { internalValue } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach } from './room.js'

describe.each(builds)('breakpoints, %s build', build => {
  const room = roomForEach(build)

  test.each([
    ['goes on', '0\n', 0, ['0/out', '0/out.breakpointexit']],
    ['fails', '1\n', 1, ['0/out.breakpointexit', '0/out.err']],
    ['ends with the code it is given', '42', 42, ['0/out.breakpointexit', '0/out.err']],
    ['goes on by a word that is no code', 'yes', 0, ['0/out', '0/out.breakpointexit']],
  ])('a step that has failed waits, and then %s', async (_, word, code, files) => {
    const step = room().start({ ...at(room()), breakpointOnFailure: true, onError: 'continue', command: ['false'] })
    await step.waits()
    expect(room().files('run'), 'nobody goes on meanwhile').toEqual([])
    room().write('run/0/out.breakpointexit', word)
    const { stderr, ...finished } = await step.done
    expect(finished).toMatchObject({ code })
    expect(stderr).toContain("debug onFailure breakpoint has taken effect, waiting for user's decision:")
    expect(stderr).toContain('1) continue, use cmd: /tekton/debug/scripts/debug-continue')
    expect(stderr).toContain(`Breakpoint exiting with exit code ${code}`)
    expect(room().files('run')).toEqual(files)
    expect(internalValue(room().message(), 'Reason')).toBeUndefined()
  })

  test('results of the failed step, also those that the user adds, are published', async () => {
    const taskResults = [{ name: 'r', path: room().path('results/r') }]
    const step = room().start({ ...at(room()), breakpointOnFailure: true, taskResults, command: ['false'] })
    await step.waits()
    room().write('results/r', 'by hand')
    room().write('run/0/out.breakpointexit', '0')
    expect(await step.done).toMatchObject({ code: 0 })
    expect(room().message()).toContainEqual({ key: 'r', value: 'by hand', type: 1 })
  })

  test('a command that is not there stops too', async () => {
    const step = room().start({ ...at(room()), breakpointOnFailure: true, command: ['/not/there'] })
    await step.waits()
    room().write('run/0/out.breakpointexit', '0')
    expect(await step.done).toMatchObject({ code: 0 })
  })

  test('a step that succeeds, or ran out of time, does not stop', async () => {
    const options = { ...at(room()), breakpointOnFailure: true }
    expect(await room().run({ ...options, command: ['true'] })).toMatchObject({ code: 0 })
    expect(await room().run({ ...options, timeoutMs: 50, command: ['sleep', '100'] })).toMatchObject({ code: 1 })
    expect(internalValue(room().message(), 'Reason')).toBe('TimeoutExceeded')
  })

  test('the step behind one that failed runs all the same', async () => {
    room().write('run/0/out.err', '')
    const step = { ...at(room(), 1), waitFile: room().path('run/0/out'), command: ['echo', 'ran'] }
    expect(await room().run({ ...step, breakpointOnFailure: true })).toMatchObject({ code: 0, stdout: 'ran\n' })
    expect(await room().run(step)).toMatchObject({ code: 1, stdout: '' })
  })

  test.each([
    ['runs', 'out.beforestepexit', 0, 'ran\n'],
    ['fails without running', 'out.beforestepexit.err', 1, ''],
  ])('a step that stops before it begins then %s', async (_, file, code, stdout) => {
    const step = room().start({ ...at(room()), debugBeforeStep: true, command: ['echo', 'ran'] })
    await step.waits()
    expect(room().files('run')).toEqual([])
    room().write(`run/0/${file}`, '')
    const finished = await step.done
    expect(finished).toMatchObject({ code, stdout })
    expect(finished.stderr).toContain("debug before step breakpoint has taken effect, waiting for user's decision:")
    expect(room().files('run')).toContain(code === 0 ? '0/out' : '0/out.err')
  })

  test('its turn comes first', async () => {
    const step = room().start({
      ...at(room(), 1),
      waitFile: room().path('run/0/out'),
      debugBeforeStep: true,
      command: ['true'],
    })
    await step.waits()
    room().write('run/1/out.beforestepexit', '')
    expect(step.child.exitCode).toBeNull()
    room().write('run/0/out', '')
    expect(await step.done).toMatchObject({ code: 0 })
  })

  test.each([
    ['before', { debugBeforeStep: true, command: ['true'] }],
    ['at a failure', { breakpointOnFailure: true, command: ['false'] }],
  ])('a cancellation and a signal end the wait %s', async (_, options) => {
    const cancelled = room().start({ ...at(room()), cancelFile: room().path('cancel'), ...options })
    await cancelled.waits()
    room().write('cancel', 'CANCEL')
    expect(await cancelled.done).toMatchObject({ code: 9 })
    expect(internalValue(room().message(), 'Reason')).toBe('Cancelled')
    const stopped = room().start({ ...at(room()), ...options })
    await stopped.waits()
    stopped.child.kill('SIGTERM')
    expect(await stopped.done).toMatchObject({ code: 143 })
    expect(room().files('run')).toContain('0/out.err')
  })

  test('from outside a step is let go on as its log says', async () => {
    const step = room().start({ ...at(room()), breakpointOnFailure: true, command: ['false'] })
    await step.waits()
    const file = `/proc/${step.pid}/root${room().path('run/0')}`
    expect(existsSync(file)).toBe(true)
    room().write('run/0/out.breakpointexit', '0')
    expect((await step.done).stderr).toContain(`from outside, to continue: echo 0 > ${file}/out.breakpointexit`)
  })
})

function at(room: Room, index = 0): Omit<EntrypointOptions, 'command'> {
  mkdirSync(room.path('run', String(index)), { recursive: true })
  return { postFile: room.path(`run/${index}/out`), terminationPath: room.path('termination') }
}
