import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { internalValue } from '../../src/status/termination-message.js'
import { builds, compile, isAsleep, roomForEach, until } from './room.js'

describe.each(builds)('%s: a copy of the output', build => {
  const room = roomForEach(build)

  test('goes to its file and to the container log', async () => {
    const options = { stdoutPath: room().path('logs/a/out'), stderrPath: room().path('logs/b/err') }
    const finished = await room().run({ ...options, command: ['sh', '-c', 'echo to out; echo to err >&2; exit 3'] })
    expect(finished).toMatchObject({ code: 3, stdout: 'to out\n', stderr: 'to err\n' })
    expect(room().read('logs/a/out')).toBe('to out\n')
    expect(room().read('logs/b/err')).toBe('to err\n')
  })

  test.each(['stdoutPath', 'stderrPath'] as const)('can be of %s alone', async which => {
    const options = { [which]: room().path('copy'), command: ['sh', '-c', 'echo to out; echo to err >&2'] }
    expect(await room().run(options)).toMatchObject({ code: 0, stdout: 'to out\n', stderr: 'to err\n' })
    expect(room().read('copy')).toBe(which === 'stdoutPath' ? 'to out\n' : 'to err\n')
  })

  test('is added to what the file holds', async () => {
    room().write('copy', 'before\n')
    await room().run({ stdoutPath: room().path('copy'), command: ['echo', 'after'] })
    expect(room().read('copy')).toBe('before\nafter\n')
  })

  test('of both streams can go to one file, and no line is torn or lost', async () => {
    const both = { stdoutPath: room().path('copy'), stderrPath: room().path('copy') }
    const script = 'for i in $(seq 500); do echo "out $i"; echo "err $i" >&2; done'
    const finished = await room().run({ ...both, command: ['sh', '-c', script] })
    const lines = (word: string) => Array.from({ length: 500 }, (_, index) => `${word} ${index + 1}`)
    expect(finished.stdout.trimEnd().split('\n')).toEqual(lines('out'))
    expect(finished.stderr.trimEnd().split('\n')).toEqual(lines('err'))
    const copied = room().read('copy').trimEnd().split('\n')
    expect(copied.filter(line => line.startsWith('out '))).toEqual(lines('out'))
    expect(copied.filter(line => line.startsWith('err '))).toEqual(lines('err'))
    expect(copied).toHaveLength(1000)
  })

  test('of both streams keeps their order when each waits for the other to arrive', async () => {
    const both = { stdoutPath: room().path('copy'), stderrPath: room().path('copy') }
    const script = `
      wait_for() { while [ "$(wc -l < copy)" -lt $1 ]; do sleep 0.01; done; }
      echo one; wait_for 1; echo two >&2; wait_for 2; echo three; wait_for 3; echo four >&2`
    expect(await room().run({ ...both, command: ['sh', '-c', script] })).toMatchObject({ code: 0 })
    expect(room().read('copy')).toBe('one\ntwo\nthree\nfour\n')
  })

  test('is byte for byte the same, 50 MB of anything', async () => {
    const options = { stdoutPath: room().path('copy') }
    const finished = await room().run({
      ...options,
      command: ['sh', '-c', 'head -c 50000000 /dev/urandom | tee original | cat'],
    })
    expect(finished.code).toBe(0)
    const original = sha256(readFileSync(room().path('original')))
    expect(sha256(readFileSync(room().path('copy')))).toBe(original)
    expect(readFileSync(room().path('copy')).length).toBe(50_000_000)
  })

  test('is passed on whole, without newlines, and nothing is held back at the end', async () => {
    const options = { stdoutPath: room().path('copy') }
    const finished = await room().run({
      ...options,
      command: ['sh', '-c', 'yes x | tr -d "\\n" | head -c 3000000; printf end'],
    })
    expect(finished.stdout).toHaveLength(3_000_003)
    expect(finished.stdout.endsWith('xend')).toBe(true)
    expect(room().read('copy')).toBe(finished.stdout)
  })

  test('has what a background process wrote before it was ended with the step', async () => {
    const script = 'sh -c "echo early; touch said; exec sleep 1000" & while [ ! -e said ]; do sleep 0.01; done'
    const finished = await room().run({ stdoutPath: room().path('copy'), command: ['sh', '-c', script] })
    expect(finished).toMatchObject({ code: 0, stdout: 'early\n' })
    expect(room().read('copy')).toBe('early\n')
  })

  test('goes on when the command closes its own streams', async () => {
    const both = { stdoutPath: room().path('o'), stderrPath: room().path('e') }
    const script = 'echo first; exec >&- 2>&-; sleep 0.05; echo lost; exit 7'
    expect(await room().run({ ...both, command: ['sh', '-c', script] })).toMatchObject({ code: 7, stdout: 'first\n' })
    expect(room().read('o')).toBe('first\n')
  })

  test('does not end the command when the log reader has gone', async () => {
    const step = room().start({
      stdoutPath: room().path('copy'),
      command: ['sh', '-c', 'touch ready; while [ ! -e go ]; do sleep 0.01; done; seq 20000; echo end'],
    })
    await until(() => room().has('ready'), 'the command')
    step.child.stdout?.destroy()
    room().write('go', '')
    expect(await step.done).toMatchObject({ code: 0, signal: null })
    expect(room().read('copy')).toBe(`${Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('')}end\n`)
  })

  test.each([
    ['a timeout', { timeoutMs: 500 }, 1],
    ['a signal', {}, 128 + 15],
  ] as const)('does not hold back %s when nobody reads the log', async (_, limits, code) => {
    // A pipe whose other end is open and never read: it fills up.
    const script = 'mkfifo log; exec 8<>log; exec "$@" >&8'
    const options = { ...limits, graceMs: 0, postFile: room().path('out'), stdoutPath: room().path('copy') }
    const step = room().start({ ...options, command: ['sh', '-c', 'yes'] }, { under: ['sh', '-c', script, 'sh'] })
    await until(() => room().has('copy') && room().read('copy').length > 60_000, 'the log to fill')
    if (code !== 1) process.kill(step.pid, 'SIGTERM')
    expect((await step.done).code).toBe(code)
    expect(room().has('out.err')).toBe(true)
  })

  test('waits for a slow reader rather than lose the end of the log', async () => {
    const script = 'mkfifo log; exec 8<>log; exec "$@" >&8'
    const options = { postFile: room().path('out'), stdoutPath: room().path('copy') }
    // More than a pipe holds, less than our pipe, the piece in our hands and the log’s pipe hold together.
    const step = room().start(
      { ...options, command: ['head', '-c', '100000', '/dev/zero'] },
      { under: ['sh', '-c', script, 'sh'] },
    )
    await until(() => room().has('copy') && room().processes().length === 1 && isAsleep(step.pid), 'the command to end')
    expect(room().has('out')).toBe(false)
    const reader = room().start({ command: ['head', '-c', '100000', room().path('log')] })
    expect((await reader.done).stdout).toBe('\0'.repeat(100_000))
    expect(await step.done).toMatchObject({ code: 0 })
    expect(readFileSync(room().path('copy')).length).toBe(100_000)
  })

  test('gives the slow reader up when it is told to stop', async () => {
    const options = { postFile: room().path('out'), stdoutPath: room().path('copy') }
    const unread = ['sh', '-c', 'mkfifo log; exec 8<>log; exec "$@" >&8', 'sh']
    const step = room().start({ ...options, command: ['head', '-c', '100000', '/dev/zero'] }, { under: unread })
    // What is in the copy came from the command: so it has begun, and one process left means that it has ended.
    const hasEnded = () => room().has('copy') && room().read('copy') !== '' && room().processes().length === 1
    await until(() => hasEnded() && isAsleep(step.pid), 'the command to end')
    process.kill(step.pid, 'SIGTERM')
    expect(await step.done).toMatchObject({ code: 0 })
    expect(room().has('out')).toBe(true)
  })

  test('is not waited for when somebody outside was handed the stream', async () => {
    const send = compile(room(), 'handover')
    const server = createServer()
    const listening = new Promise<void>(resolve => server.listen(room().path('socket'), resolve))
    await listening
    try {
      const step = room().start({ stdoutPath: room().path('copy'), command: [send, room().path('socket')] })
      expect(await step.done).toMatchObject({ code: 0, stdout: 'handed over\n' })
      expect(room().read('copy')).toBe('handed over\n')
    } finally {
      server.close()
    }
  })

  test('is made through a link and to a device, which are the author’s to choose', async () => {
    room().write('real', '')
    symlinkSync('real', room().path('link'))
    const options = { stdoutPath: room().path('link'), stderrPath: '/dev/null' }
    expect(await room().run({ ...options, command: ['sh', '-c', 'echo a; echo b >&2'] })).toMatchObject({
      code: 0,
      stdout: 'a\n',
      stderr: 'b\n',
    })
    expect(room().read('real')).toBe('a\n')
  })

  test('that cannot be opened keeps the command from starting', async () => {
    mkdirSync(room().path('dir'))
    const options = {
      postFile: room().path('out'),
      terminationPath: room().path('termination'),
      stdoutPath: room().path('dir'),
    }
    const finished = await room().run({ ...options, command: ['touch', room().path('ran')] })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe(
      `Error executing command: opening "${room().path('dir')}" for a copy of the output: Is a directory\n`,
    )
    expect(room().has('ran')).toBe(false)
    expect(room().has('out.err')).toBe(true)
    expect(internalValue(room().message(), 'Message')).toMatch(/copy of the output/)
  })

  test('to a FIFO without a reader is an error and no wait', async () => {
    const finished = await room().run(
      { postFile: room().path('out'), stdoutPath: room().path('fifo'), command: ['true'] },
      { under: ['sh', '-c', 'mkfifo fifo; exec "$@"', 'sh'] },
    )
    expect(finished).toMatchObject({ code: 1 })
    expect(finished.stderr).toMatch(/No such device or address/)
    expect(room().has('out.err')).toBe(true)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
