import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { internalValue } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach, until } from './room.js'

/** Deaf to SIGTERM, as a whole: `sleep` inherits that it is ignored. */
const DEAF = 'trap "" TERM; touch ready; exec sleep 1000'

describe.each(builds)('%s: a timeout', build => {
  const room = roomForEach(build)

  test('ends the step with code 1, an error file and its reason', async () => {
    const finished = await room().run({ ...all(room(), ['sleep', '1000']), timeoutMs: 20 })
    expect(finished).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: 'Step was stopped: it exceeded its timeout of 20 ms\n',
    })
    expectStopped('TimeoutExceeded')
  })

  test('is not excused by onError continue', async () => {
    const finished = await room().run({ ...all(room(), ['sleep', '1000']), timeoutMs: 20, onError: 'continue' })
    expect(finished.code).toBe(1)
    expectStopped('TimeoutExceeded')
  })

  test('counts also when the command then ends well', async () => {
    const script = 'trap "exit 0" TERM; touch ready; while :; do sleep 0.01; done'
    const finished = await room().run({ ...all(room(), ['sh', '-c', script]), timeoutMs: 300, graceMs: 60_000 })
    expect(room().has('ready')).toBe(true)
    expect(finished.code).toBe(1)
    expectStopped('TimeoutExceeded')
  })

  test('kills a command that is deaf to SIGTERM after the grace period', async () => {
    const finished = await room().run({ ...all(room(), ['sh', '-c', DEAF]), timeoutMs: 200, graceMs: 20 })
    expect(room().has('ready')).toBe(true)
    expect(finished.code).toBe(1)
    expectStopped('TimeoutExceeded')
  })

  test('kills at once without a grace period', async () => {
    const finished = await room().run({ ...all(room(), ['sh', '-c', DEAF]), timeoutMs: 200, graceMs: 0 })
    expect(finished.code).toBe(1)
    expectStopped('TimeoutExceeded')
  })

  test('lets the whole group clean up within the grace period', async () => {
    const script = `
      (trap 'sleep 0.05; touch cleaned; exit' TERM; touch ready; while :; do sleep 0.01; done) &
      wait`
    const finished = await room().run({ ...all(room(), ['sh', '-c', script]), timeoutMs: 300, graceMs: 60_000 })
    expect(finished.code).toBe(1)
    expect(room().files()).toContain('cleaned')
    expectStopped('TimeoutExceeded')
  })

  test('reaches a deaf grandchild in a session of its own', async () => {
    const script = `setsid sh -c '${DEAF}' & wait`
    const finished = await room().run({ ...all(room(), ['sh', '-c', script]), timeoutMs: 300, graceMs: 20 })
    expect(room().has('ready')).toBe(true)
    expect(finished.code).toBe(1)
    expectStopped('TimeoutExceeded')
  })

  test('reaches a command that has stopped itself', async () => {
    const script = 'trap "touch told; exit" TERM; touch ready; kill -STOP $$; while :; do sleep 0.01; done'
    const finished = await room().run({ ...all(room(), ['sh', '-c', script]), timeoutMs: 300, graceMs: 60_000 })
    expect(finished.code).toBe(1)
    expect(room().has('told')).toBe(true)
    expectStopped('TimeoutExceeded')
  })

  test('starts when the command does, not when the wait does', async () => {
    mkdirSync(room().path('run'))
    const waitFile = room().path('run/gate')
    const step = room().start({ ...all(room(), ['sh', '-c', 'echo ran']), waitFile, timeoutMs: 2_000 })
    // Stopped until more time has gone by than the step may take.
    await step.waits()
    const waitedFrom = performance.now()
    await until(() => performance.now() - waitedFrom > 2_100, 'more than the timeout to pass')
    room().write('run/gate', '')
    expect(await step.done).toMatchObject({ code: 0, stdout: 'ran\n' })
  })

  test('of 0 is none', async () => {
    expect(await room().run({ ...all(room(), ['sh', '-c', 'sleep 0.05; echo ran']), timeoutMs: 0 })).toMatchObject({
      code: 0,
      stdout: 'ran\n',
    })
  })

  test('that has not come yet leaves code and exit code file alone', async () => {
    expect(await room().run({ ...all(room(), ['sh', '-c', 'exit 5']), timeoutMs: 60_000 })).toMatchObject({ code: 5 })
  })

  test('keeps the results that were written before', async () => {
    const taskResults = [{ name: 'r', path: room().path('results/r') }]
    mkdirSync(room().path('results'))
    const command = ['sh', '-c', 'printf early > results/r; sleep 1000']
    await room().run({ ...all(room(), command), taskResults, timeoutMs: 300 })
    expect(room().message()).toContainEqual({ key: 'r', value: 'early', type: 1 })
    expect(internalValue(room().message(), 'Reason')).toBe('TimeoutExceeded')
  })

  function expectStopped(reason: string): void {
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(internalValue(room().message(), 'Reason')).toBe(reason)
    expect(internalValue(room().message(), 'ExitCode')).toBeUndefined()
  }
})

describe.each(builds)('%s: a cancellation', build => {
  const room = roomForEach(build)

  test('that is there before keeps the command from starting', async () => {
    room().write('downward/cancel', 'CANCEL')
    const finished = await room().run({ ...all(room(), ['touch', room().path('ran')]), cancelFile: cancelFile() })
    expect(finished).toEqual({ code: 9, signal: null, stdout: '', stderr: 'Step was cancelled\n' })
    expectCancelled()
    expect(room().has('ran')).toBe(false)
  })

  test('ends the wait for the turn', async () => {
    room().write('downward/cancel', '')
    const options = { waitFile: room().path('downward/ready'), waitForContent: true, cancelFile: cancelFile() }
    const step = room().start({ ...all(room(), ['touch', room().path('ran')]), ...options })
    await step.waits()
    room().write('downward/cancel', 'CANCEL')
    expect(await step.done).toMatchObject({ code: 9 })
    expectCancelled()
    expect(room().has('ran')).toBe(false)
  })

  test('wins over the error file that comes with it, so that all steps say the same', async () => {
    room().write('run/before/out.err', '')
    room().write('downward/cancel', 'CANCEL')
    const options = { waitFile: room().path('run/before/out'), cancelFile: cancelFile() }
    expect(await room().run({ ...all(room(), ['true']), ...options })).toMatchObject({ code: 9 })
    expect(internalValue(room().message(), 'Reason')).toBe('Cancelled')
  })

  test('kills a running command', async () => {
    room().write('downward/cancel', '')
    const step = room().start({ ...all(room(), ['sh', '-c', 'touch ready; sleep 1000']), cancelFile: cancelFile() })
    await until(() => room().has('ready'), 'the command')
    room().write('downward/cancel', 'CANCEL')
    expect(await step.done).toMatchObject({ code: 9, stderr: 'Step was cancelled\n' })
    expectCancelled()
  })

  test('kills one that is deaf to SIGTERM, and is not excused by onError continue', async () => {
    room().write('downward/cancel', '')
    const options = { cancelFile: cancelFile(), graceMs: 20, onError: 'continue' as const }
    const step = room().start({ ...all(room(), ['sh', '-c', DEAF]), ...options })
    await until(() => room().has('ready'), 'the command')
    room().write('downward/cancel', 'CANCEL')
    expect(await step.done).toMatchObject({ code: 9 })
    expectCancelled()
  })

  test('comes through the links of a downward API volume', async () => {
    const volume = room().path('downward')
    mkdirSync(`${volume}/..1`, { recursive: true })
    writeFileSync(`${volume}/..1/cancel`, '')
    symlinkSync('..1', `${volume}/..data`)
    symlinkSync('..data/cancel', `${volume}/cancel`)
    const step = room().start({ ...all(room(), ['sh', '-c', 'touch ready; sleep 1000']), cancelFile: cancelFile() })
    await until(() => room().has('ready'), 'the command')
    mkdirSync(`${volume}/..2`)
    writeFileSync(`${volume}/..2/cancel`, 'CANCEL')
    symlinkSync('..2', `${volume}/..data_tmp`)
    renameSync(`${volume}/..data_tmp`, `${volume}/..data`)
    rmSync(`${volume}/..1`, { recursive: true })
    expect(await step.done).toMatchObject({ code: 9 })
    expectCancelled()
  })

  test('file that is empty or missing cancels nothing', async () => {
    room().write('downward/cancel', '')
    for (const file of [cancelFile(), room().path('nowhere/cancel')]) {
      // Long enough for a second look.
      const finished = await room().run({ ...all(room(), ['sleep', '0.15']), cancelFile: file })
      expect(finished).toMatchObject({ code: 0, stderr: '' })
    }
  })

  function cancelFile(): string {
    return room().path('downward/cancel')
  }

  function expectCancelled(): void {
    expect(
      room()
        .files('run')
        .filter(file => file !== 'before/out.err'),
    ).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(internalValue(room().message(), 'Reason')).toBe('Cancelled')
  }
})

function all(room: Room, command: readonly string[]) {
  return {
    postFile: room.path('run/0/out'),
    terminationPath: room.path('termination'),
    stepMetadataDir: room.path('steps/step-a'),
    command,
  }
}
