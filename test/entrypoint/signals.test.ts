import { describe, expect, test } from 'vitest'
import { builds, compile, isAlive, roomForEach, until } from './room.js'

/** Every signal but the two that nobody can catch and the one that is about our own children. */
const FORWARDED = Array.from({ length: 64 }, (_, index) => index + 1).filter(signal => ![9, 17, 19].includes(signal))

describe.each(builds)('%s: signals', build => {
  const room = roomForEach(build)

  test('all that can be caught reach the command, once each', async () => {
    const listen = compile(room(), 'listen')
    const step = room().start({ command: [listen, room().path('ready'), `${FORWARDED.length}`] })
    let received = ''
    step.child.stdout?.on('data', chunk => {
      received += chunk
    })
    await until(() => room().has('ready'), 'the command to listen')
    for (const [index, signal] of FORWARDED.entries()) {
      process.kill(step.pid, signal)
      // Signals that stop and the one that continues cancel each other while pending, so one at a time.
      await until(() => received.split('\n').length === index + 2, `signal ${signal}`)
    }
    expect(await step.done).toMatchObject({ code: 0, signal: null, stdout: `${FORWARDED.join('\n')}\n`, stderr: '' })
  })

  test('SIGCHLD from outside is not forwarded', async () => {
    const listen = compile(room(), 'listen')
    const step = room().start({ command: [listen, room().path('ready'), '1'] })
    await until(() => room().has('ready'), 'the command to listen')
    process.kill(step.pid, 'SIGCHLD')
    process.kill(step.pid, 'SIGUSR1')
    expect(await step.done).toMatchObject({ code: 0, stdout: '10\n' })
  })

  test('reach the whole group, not only its leader', async () => {
    const script = `
      (trap 'echo child; exit' TERM; touch child; while :; do sleep 0.01; done) &
      trap 'wait; echo parent; exit 3' TERM
      touch parent; while :; do sleep 0.01; done`
    const step = room().start({ command: ['sh', '-c', script] })
    await until(() => room().has('child') && room().has('parent'), 'both to set their traps')
    process.kill(step.pid, 'SIGTERM')
    expect(await step.done).toMatchObject({ code: 3, stdout: 'child\nparent\n' })
  })

  test('do not reach our own group: the command has another', async () => {
    const { stdout } = await room().run({ command: ['sh', '-c', 'echo $$; ps -o pgid= -p $$; ps -o pgid= -p $PPID'] })
    const [pid, group, ours] = stdout.trim().split(/\s+/).map(Number)
    expect(group).toBe(pid)
    expect(ours).toBeGreaterThan(0)
    expect(ours).not.toBe(group)
  })

  test.each([
    ['nothing', 'exec "$@"', 0n],
    ['SIGPIPE', 'trap "" PIPE; exec "$@"', 1n << 12n],
  ])('that whoever started us ignores (%s) stay ignored, and none is blocked', async (_, under, ignored) => {
    const options = { command: ['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status'] }
    const { stdout } = await room().run(options, { under: ['sh', '-c', under, 'sh'] })
    const [blocked, ignore] = [...stdout.matchAll(/\t([0-9a-f]{16})\n/g)].map(([, set]) => BigInt(`0x${set}`))
    expect(blocked).toBe(0n)
    expect(ignore).toBe(ignored)
  })

  test('a command that is told to stop and does not is not killed by us: that is the kubelet’s to do', async () => {
    const script = `trap 'touch got' TERM; touch ready; while [ ! -e leave ]; do sleep 0.01; done; exit 6`
    const step = room().start({ graceMs: 0, command: ['sh', '-c', script] })
    await until(() => room().has('ready'), 'the trap')
    process.kill(step.pid, 'SIGTERM')
    await until(() => room().has('got'), 'the signal')
    expect(isAlive(step.pid)).toBe(true)
    room().write('leave', '')
    expect(await step.done).toMatchObject({ code: 6 })
  })

  test('the rest of the group has the grace period when its leader obeys at once', async () => {
    const script = `
      (trap 'sleep 0.05; touch cleaned; exit' TERM; touch ready; while :; do sleep 0.01; done) &
      wait`
    const step = room().start({ graceMs: 10_000, command: ['sh', '-c', script] })
    await until(() => room().has('ready'), 'the trap')
    process.kill(step.pid, 'SIGTERM')
    expect(await step.done).toMatchObject({ code: 128 + 15 })
    expect(room().has('cleaned')).toBe(true)
  })

  test('SIGKILL to us takes the command along', async () => {
    const step = room().start({ command: ['sh', '-c', 'echo $$ > pid; exec sleep 1000'] })
    await until(() => room().has('pid') && room().read('pid').endsWith('\n'), 'the command')
    process.kill(step.pid, 'SIGKILL')
    expect(await step.done).toMatchObject({ code: null, signal: 'SIGKILL' })
    const pid = Number(room().read('pid'))
    await until(() => !isAlive(pid), 'the command to die')
    expect(isAlive(pid)).toBe(false)
  })
})
