import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { builds, roomForEach, type StartOptions, until } from './room.js'

/** As in a container, and as embedded mode has it on a machine that gives us no PID namespace. */
const places: readonly (readonly [string, StartOptions])[] = [
  ['as PID 1', { under: ['unshare', '-Urpf', '--kill-child', '--mount-proc'] }],
  ['as subreaper', {}],
]

describe.each(builds)('%s: processes', build => {
  describe.each(places)('%s', (_, start) => {
    const room = roomForEach(build)

    test('what the command left in the background ends with it', async () => {
      await expectNothingLeft('sleep 1000 & sleep 1001 & touch started; exit 4', 4)
    })

    test('also when it is an orphan', async () => {
      await expectNothingLeft('(sleep 1000 & sleep 1001 &) ; touch started; exit 4', 4)
    })

    test('also when it has a session of its own', async () => {
      await expectNothingLeft(
        'setsid sh -c "touch started; sleep 1000" & while [ ! -e started ]; do sleep 0.01; done; exit 4',
        4,
      )
    })

    test('also when it is generations deep, each in its own session and deaf to SIGTERM', async () => {
      const nest = (depth: number): string =>
        depth === 0
          ? 'touch started; sleep 1000'
          : `setsid sh -c '${nest(depth - 1).replaceAll("'", "'\\''")}' & sleep 1000`
      await expectNothingLeft(
        `trap "" TERM HUP; ${nest(4).replace(/ & sleep 1000$/, ' &')} while [ ! -e started ]; do sleep 0.01; done; exit 4`,
        4,
      )
    })

    test('also when it holds the output open', async () => {
      const finished = await room().run(
        { stdoutPath: room().path('copy'), command: ['sh', '-c', 'sleep 1000 & echo done'] },
        start,
      )
      expect(finished).toMatchObject({ code: 0, stdout: 'done\n' })
      expect(room().read('copy')).toBe('done\n')
      expect(room().processes()).toEqual([])
    })

    test('what is about to end by itself may: the `tee` of a script writes its last lines', async () => {
      const script = 'exec > >(sleep 0.02; exec tee copy); seq 1000; echo end'
      const expected = `${Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join('')}end\n`
      expect(await room().run({ command: ['bash', '-c', script] }, start)).toMatchObject({ code: 0, stdout: expected })
      expect(room().read('copy')).toBe(expected)
    })

    test('an orphan that ends is reaped while the command goes on', async () => {
      // The inner shell's child is an orphan at once. The command waits until it is a process no more.
      const script = `
        sh -c 'sleep 0.02 & echo $! > orphan'
        pid=$(cat orphan)
        while [ -e /proc/$pid ]; do sleep 0.01; done
        echo reaped`
      expect(await room().run({ command: ['sh', '-c', script] }, start)).toMatchObject({ code: 0, stdout: 'reaped\n' })
    })

    test('the command’s code counts, not an orphan’s', async () => {
      const script = `sh -c '(exit 9) & (exit 8) &'; sleep 0.02; exit 3`
      expect(await room().run({ command: ['sh', '-c', script] }, start)).toMatchObject({ code: 3 })
    })

    test('many at once are all reaped', async () => {
      const script = 'for i in $(seq 200); do (true &) ; done; (for i in $(seq 100); do sleep 1000 & done); exit 5'
      await expectNothingLeft(`touch started; ${script}`, 5)
    })

    test('the post file comes after they are gone', async () => {
      const script =
        'setsid sh -c "trap \\"\\" TERM; touch started; exec sleep 1000" & while [ ! -e started ]; do sleep 0.01; done'
      const step = room().start({ postFile: room().path('out'), command: ['sh', '-c', script] }, start)
      await until(() => room().has('out'), 'the post file')
      expect(
        room()
          .commands()
          .filter(command => command.startsWith('sleep')),
      ).toEqual([])
      expect(await step.done).toMatchObject({ code: 0 })
    })

    async function expectNothingLeft(script: string, code: number): Promise<void> {
      const finished = await room().run({ postFile: room().path('out'), command: ['sh', '-c', script] }, start)
      expect(finished).toMatchObject({ code, signal: null, stderr: '' })
      expect(room().has('started')).toBe(true)
      expect(room().processes()).toEqual([])
      expect(room().has('out.err')).toBe(true)
    }
  })

  describe('in general', () => {
    const room = roomForEach(build)

    test('we are PID 1 where the test says so', async () => {
      const [, start] = places[0] ?? []
      const finished = await room().run({ command: ['sh', '-c', 'echo $PPID'] }, start)
      expect(finished).toMatchObject({ code: 0, stdout: '1\n' })
    })

    test('nothing of ours is open in the command', async () => {
      const command = ['sh', '-c', 'ls /proc/$$/fd']
      const files = { stdoutPath: room().path('o'), stderrPath: room().path('e'), cancelFile: room().path('c') }
      const { stdout } = await room().run({ ...files, waitFile: room().write('w', ''), command })
      // Whatever this test has inherited itself is there with and without us.
      const bare = execFileSync('sh', ['-c', 'ls /proc/$$/fd'], { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
      expect(bare).toMatch(/^0\n1\n2\n/m)
      expect(stdout).toBe(bare)
    })

    test('the environment and the arguments arrive as they are', async () => {
      const args = ['', ' ', 'a b', '"', "'", '$HOME', '*', '\n', 'é', '-x']
      const step = room().start(
        { command: ['sh', '-c', 'printf "[%s]" "$EMPTY|$ODD" "$@"', 'sh', ...args] },
        { env: { EMPTY: '', ODD: ' a\nb=c ' } },
      )
      expect((await step.done).stdout).toBe(`[| a\nb=c ]${args.map(arg => `[${arg}]`).join('')}`)
    })
  })
})
