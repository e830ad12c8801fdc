import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ENTRY_TYPE, internalValue } from '../../src/status/termination-message.js'
import { builds, descriptors, isAlive, isAsleep, type Room, roomForEach, until } from './room.js'

describe.each(builds)('%s: a step', build => {
  const room = roomForEach(build)

  test('without -wait_file starts at once', async () => {
    expect(await room().run({ command: ['echo', 'hello'] })).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' })
  })

  test('whose file is there already starts at once', async () => {
    const waitFile = room().write('run/0/out', '')
    expect(await room().run({ waitFile, command: ['echo', 'go'] })).toMatchObject({ code: 0, stdout: 'go\n' })
  })

  test('waits for its file', async () => {
    mkdirSync(room().path('run/0'), { recursive: true })
    const step = room().start({ waitFile: room().path('run/0/out'), command: ['touch', room().path('ran')] })
    await step.waits()
    expect(room().has('ran')).toBe(false)
    room().write('run/0/out', '')
    expect(await step.done).toMatchObject({ code: 0 })
    expect(room().has('ran')).toBe(true)
  })

  test('waits for content if told to', async () => {
    room().write('downward/ready', '')
    const step = room().start({
      waitFile: room().path('downward/ready'),
      waitForContent: true,
      command: ['echo', 'go'],
    })
    await step.waits()
    expect(isAlive(step.pid)).toBe(true)
    room().write('downward/ready', 'READY')
    expect(await step.done).toMatchObject({ code: 0, stdout: 'go\n' })
  })

  test('sees the kubelet swap the link of a downward API volume', async () => {
    const volume = room().path('downward')
    mkdirSync(`${volume}/..2026_1`, { recursive: true })
    writeFileSync(`${volume}/..2026_1/ready`, '')
    symlinkSync('..2026_1', `${volume}/..data`)
    symlinkSync('..data/ready', `${volume}/ready`)
    const step = room().start({ waitFile: `${volume}/ready`, waitForContent: true, command: ['echo', 'go'] })
    await step.waits()

    mkdirSync(`${volume}/..2026_2`)
    writeFileSync(`${volume}/..2026_2/ready`, 'READY')
    symlinkSync('..2026_2', `${volume}/..data_tmp`)
    renameSync(`${volume}/..data_tmp`, `${volume}/..data`)
    rmSync(`${volume}/..2026_1`, { recursive: true })
    expect(await step.done).toMatchObject({ code: 0, stdout: 'go\n' })
  })

  test('waits for a directory that is made later, level by level', async () => {
    const step = room().start({ waitFile: room().path('a/b/c/out'), command: ['echo', 'go'] })
    await step.waits()
    mkdirSync(room().path('a'))
    mkdirSync(room().path('a/b'))
    mkdirSync(room().path('a/b/c'))
    room().write('a/b/c/out', '')
    expect(await step.done).toMatchObject({ code: 0, stdout: 'go\n' })
  })

  test('waits on when its directory is replaced', async () => {
    mkdirSync(room().path('run'))
    const step = room().start({ waitFile: room().path('run/out'), command: ['echo', 'go'] })
    await step.waits()
    rmSync(room().path('run'), { recursive: true })
    room().write('new/out', '')
    renameSync(room().path('new'), room().path('run'))
    expect(await step.done).toMatchObject({ code: 0, stdout: 'go\n' })
  })

  test('is skipped by the error file of the step before', async () => {
    const step = room().start({ ...stepOf(room(), 1), command: ['touch', room().path('ran')] })
    await step.waits()
    room().write('run/0/out.err', '')
    const finished = await step.done
    expect(finished).toMatchObject({ code: 1, stderr: 'Skipping step because a previous step failed\n' })
    expect(room().has('ran')).toBe(false)
    expect(room().files('run')).toEqual(['0/out.err', '1/out.err'])
    expect(room().files('steps')).toEqual([])
    const entries = room().message('termination-1')
    expect(entries.map(({ key, type }) => [key, type])).toEqual([
      ['Reason', ENTRY_TYPE.internal],
      ['StartedAt', ENTRY_TYPE.internal],
    ])
    expect(internalValue(entries, 'Reason')).toBe('Skipped')
    expect(internalValue(entries, 'StartedAt')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('runs when both files are there, as Tekton looks at the good one first', async () => {
    room().write('run/0/out', '')
    room().write('run/0/out.err', '')
    expect(await room().run({ ...stepOf(room(), 1), command: ['echo', 'go'] })).toMatchObject({
      code: 0,
      stdout: 'go\n',
    })
  })

  test('passes its turn on along a chain', async () => {
    const later = [2, 1].map(index =>
      room().start({ ...stepOf(room(), index), command: ['sh', '-c', `echo ${index} >> order`] }),
    )
    await Promise.all(later.map(step => step.waits()))
    const first = room().start({ ...stepOf(room(), 0), waitFile: undefined, command: ['sh', '-c', 'echo 0 >> order'] })
    expect(await Promise.all([first, ...later].map(async step => (await step.done).code))).toEqual([0, 0, 0])
    expect(room().read('order')).toBe('0\n1\n2\n')
    expect(room().files('run')).toEqual(['0/out', '1/out', '2/out'])
    expect(room().read('run/2/out')).toBe('')
  })

  test('is woken, and does not find its turn by looking now and then', async () => {
    const later = Array.from({ length: 20 }, (_, index) =>
      room().start({ ...stepOf(room(), index + 1), command: ['true'] }),
    )
    await Promise.all(later.map(step => step.waits()))
    const from = performance.now()
    room().write('run/0/out', '')
    expect((await Promise.all(later.map(step => step.done))).map(({ code }) => code)).toEqual(later.map(() => 0))
    // By looking every half second, twenty turns take about five seconds; woken, some twenty milliseconds.
    expect(performance.now() - from).toBeLessThan(2_500)
  })

  test('passes a failure on along a chain of three, and only the first step says it failed', async () => {
    const later = [1, 2, 3].map(index =>
      room().start({ ...stepOf(room(), index), command: ['touch', room().path('ran')] }),
    )
    await Promise.all(later.map(step => step.waits()))
    const first = room().start({ ...stepOf(room(), 0), waitFile: undefined, command: ['sh', '-c', 'exit 7'] })
    expect(await Promise.all([first, ...later].map(async step => (await step.done).code))).toEqual([7, 1, 1, 1])
    expect(room().has('ran')).toBe(false)
    expect(room().files('run')).toEqual(['0/out.err', '1/out.err', '2/out.err', '3/out.err'])
    const reasons = [0, 1, 2, 3].map(index => internalValue(room().message(`termination-${index}`), 'Reason'))
    expect(reasons).toEqual([undefined, 'Skipped', 'Skipped', 'Skipped'])
  })

  test('fails when the file can never be looked at', async () => {
    room().write('file', '')
    const finished = await room().run({ ...stepOf(room(), 1), waitFile: room().path('file/out'), command: ['true'] })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe(`waiting for "${room().path('file/out')}": Not a directory\n`)
    expect(room().files('run')).toEqual(['1/out.err'])
  })

  test('finds its file without inotify, whose instances are few', async () => {
    const noInotify = ['unshare', '-Ur', 'sh', '-c', 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', 'sh']
    const step = room().start({ waitFile: room().path('run/out'), command: ['echo', 'go'] }, { under: noInotify })
    const sleeps = () => descriptors(step.pid).includes('anon_inode:[signalfd]') && isAsleep(step.pid)
    await until(sleeps, 'the step to sleep between two looks')
    expect(descriptors(step.pid)).not.toContain('anon_inode:inotify')
    room().write('run/out', '')
    expect(await step.done).toEqual({ code: 0, signal: null, stdout: 'go\n', stderr: '' })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    'that waits ends on %s, and so do those after it',
    async signal => {
      const step = room().start({ ...stepOf(room(), 1), command: ['touch', room().path('ran')] })
      await step.waits()
      process.kill(step.pid, signal)
      const number = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1, SIGQUIT: 3 }[signal]
      expect(await step.done).toMatchObject({ code: 128 + number, signal: null })
      expect(room().files('run')).toEqual(['1/out.err'])
      expect(room().has('ran')).toBe(false)
    },
  )

  test('that waits leaves other signals alone', async () => {
    const step = room().start({ waitFile: room().path('run/out'), command: ['echo', 'go'] })
    await step.waits()
    for (const signal of ['SIGUSR1', 'SIGWINCH', 'SIGALRM', 'SIGPIPE', 'SIGCHLD'] as const)
      process.kill(step.pid, signal)
    room().write('run/out', '')
    expect(await step.done).toMatchObject({ code: 0, stdout: 'go\n' })
  })
})

/** As the Pod has it: step n waits for what step n-1 posts. */
function stepOf(room: Room, index: number) {
  return {
    waitFile: room.path(`run/${index - 1}/out`),
    postFile: room.path(`run/${index}/out`),
    stepMetadataDir: room.path(`steps/step-${index}`),
    terminationPath: room.path(`termination-${index}`),
  }
}
