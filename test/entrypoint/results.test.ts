import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENTRY_TYPE, internalValue } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach } from './room.js'

/** What a command that wrote these bytes into a result says of it. */
const contents: readonly (readonly [string, Uint8Array, string])[] = [
  ['plain', text('v1.2.3'), 'v1.2.3'],
  ['a trailing newline', text('v1.2.3\n'), 'v1.2.3\n'],
  ['nothing', text(''), ''],
  ['quotes and backslashes', text('{"a":"\\"}'), '{"a":"\\"}'],
  [
    'every control character',
    Uint8Array.from({ length: 33 }, (_, code) => code),
    String.fromCharCode(...Array.from({ length: 33 }, (_, code) => code)),
  ],
  ['DEL and the C1 controls', text('\x7f\x80\x9f'), '\x7f\x80\x9f'],
  ['all lengths of UTF-8', text('a é € 𝄞 \u{10ffff}'), 'a é € 𝄞 \u{10ffff}'],
  ['line separators and angle brackets', text('\u2028\u2029<&>'), '\u2028\u2029<&>'],
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), '\ufeffA'],
  ['a stray byte', Uint8Array.of(0x41, 0xff, 0x42), 'A\ufffdB'],
  ['a lone continuation', Uint8Array.of(0x80, 0x41), '\ufffdA'],
  ['a cut sequence', Uint8Array.of(0x41, 0xe2, 0x82), 'A\ufffd\ufffd'],
  ['an overlong slash', Uint8Array.of(0xc0, 0xaf), '\ufffd\ufffd'],
  ['an overlong letter', Uint8Array.of(0xe0, 0x9f, 0xbf), '\ufffd\ufffd\ufffd'],
  ['an overlong euro sign', Uint8Array.of(0xf0, 0x82, 0x82, 0xac), '\ufffd\ufffd\ufffd\ufffd'],
  ['half a surrogate pair', Uint8Array.of(0xed, 0xa0, 0x80), '\ufffd\ufffd\ufffd'],
  ['beyond Unicode', Uint8Array.of(0xf4, 0x90, 0x80, 0x80), '\ufffd\ufffd\ufffd\ufffd'],
]

describe.each(builds)('%s: a result', build => {
  const room = roomForEach(build)

  test.each(contents)('arrives as it is: %s', async (_, bytes, expected) => {
    room().write('results/r', bytes)
    expect(await room().run({ ...withResults(room(), ['r']), command: ['true'] })).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(results(room())).toEqual([{ key: 'r', value: expected, type: ENTRY_TYPE.taskResult }])
  })

  test('that was not written is absent, and the step succeeds', async () => {
    mkdirSync(room().path('results'))
    expect(
      await room().run({ ...withResults(room(), ['r', 's']), command: ['sh', '-c', 'printf x > results/s'] }),
    ).toMatchObject({ code: 0 })
    expect(results(room())).toEqual([{ key: 's', value: 'x', type: ENTRY_TYPE.taskResult }])
  })

  test('whose directory is missing is absent too', async () => {
    expect(await room().run({ ...withResults(room(), ['r']), command: ['true'] })).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(results(room())).toEqual([])
  })

  test('that was not declared is ignored', async () => {
    room().write('results/other', 'x')
    await room().run({ ...withResults(room(), ['r']), command: ['true'] })
    expect(results(room())).toEqual([])
  })

  test('of the step is of its own kind, also under the name of a task’s', async () => {
    room().write('results/r', 'task')
    const stepResults = [{ name: 'r', path: room().path('steps/step-a/results/r') }]
    const options = { ...withResults(room(), ['r']), stepMetadataDir: room().path('steps/step-a'), stepResults }
    await room().run({ ...options, command: ['sh', '-c', 'printf step > steps/step-a/results/r'] })
    expect(results(room())).toEqual([
      { key: 'r', value: 'task', type: ENTRY_TYPE.taskResult },
      { key: 'r', value: 'step', type: ENTRY_TYPE.stepResult },
    ])
  })

  test.each([
    ['a failed step', ['sh', '-c', 'printf x > results/r; exit 3'], 3],
    ['a command that could not start', ['no-such-command'], 127],
  ])('of %s is published', async (_, command, code) => {
    room().write('results/r', 'x')
    expect(await room().run({ ...withResults(room(), ['r']), command })).toMatchObject({ code })
    expect(results(room())).toEqual([{ key: 'r', value: 'x', type: ENTRY_TYPE.taskResult }])
  })

  test('of a skipped step is not', async () => {
    room().write('results/r', 'x')
    room().write('run/out.err', '')
    await room().run({ ...withResults(room(), ['r']), waitFile: room().path('run/out'), command: ['true'] })
    expect(results(room())).toEqual([])
  })

  test('is published without a termination path by nobody, and that is no error', async () => {
    room().write('results/r', 'x'.repeat(10_000))
    const { terminationPath: _, ...options } = withResults(room(), ['r'])
    expect(await room().run({ ...options, command: ['true'] })).toMatchObject({ code: 0, stderr: '' })
  })
})

describe.each(builds)('%s: the limit of the message', build => {
  const room = roomForEach(build)

  test('is met by a message of exactly 4096 bytes', async () => {
    room().write('results/r', 'x'.repeat(await roomFor(room())))
    expect(await room().run({ ...withResults(room(), ['r']), command: ['true'] })).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(room().read('termination')).toHaveLength(4096)
    expect(results(room())).toHaveLength(1)
    expect(room().files('run')).toEqual(['0/out'])
  })

  test('is broken by one byte more, which is named, and nothing is cut', async () => {
    const size = (await roomFor(room())) + 1
    room().write('results/r', 'x'.repeat(size))
    const finished = await room().run({ ...withResults(room(), ['r', 'absent']), command: ['true'] })
    const sentence = `Termination message is above max allowed size 4096, caused by large task result. The largest is result "r" with ${size} bytes.`
    expect(finished).toEqual({ code: 1, signal: null, stdout: '', stderr: `${sentence}\n` })
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(results(room())).toEqual([])
    expect(internalValue(room().message(), 'Message')).toBe(sentence)
    expect(internalValue(room().message(), 'StartedAt')).toMatch(/Z$/)
  })

  test('counts what escaping adds', async () => {
    room().write('results/r', '\n'.repeat((await roomFor(room())) / 2 + 1))
    expect(await room().run({ ...withResults(room(), ['r']), command: ['true'] })).toMatchObject({ code: 1 })
  })

  test('counts all results together and names the largest', async () => {
    room().write('results/a', 'x'.repeat(1500))
    room().write('results/b', 'x'.repeat(1600))
    room().write('results/c', 'x'.repeat(1400))
    const finished = await room().run({ ...withResults(room(), ['a', 'b', 'c']), command: ['true'] })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(/The largest is result "b" with 1600 bytes\.\n$/)
  })

  test('is not read past: a terabyte is refused at once, by its size', async () => {
    execFileSync('mkdir', ['-p', room().path('results')])
    execFileSync('truncate', ['-s', '1T', room().path('results/r')])
    const finished = await room().run({ ...withResults(room(), ['r']), command: ['true'] })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(/result "r" with 1099511627776 bytes\.\n$/)
  })

  test('can be given, for Pods whose messages share the kubelet’s 12 KiB', async () => {
    room().write('results/r', 'x'.repeat(600))
    const options = { ...withResults(room(), ['r']), command: ['true'] }
    expect(await room().run({ ...options, maxTerminationBytes: 600 })).toMatchObject({
      code: 1,
      stderr:
        'Termination message is above max allowed size 600, caused by large task result. The largest is result "r" with 600 bytes.\n',
    })
    expect(await room().run({ ...options, maxTerminationBytes: 1_000_000 })).toMatchObject({ code: 0, stderr: '' })
  })

  test('above 4096 bytes counts what the message takes as a JSON string', async () => {
    const options = { ...withResults(room(), ['r']), command: ['true'], maxTerminationBytes: 10_000 }
    room().write('results/r', 'x'.repeat(9000))
    expect(await room().run(options)).toMatchObject({ code: 0 })
    room().write('results/r', '"'.repeat(2600)) // two bytes each in the message, four in the Pod
    expect(await room().run(options)).toMatchObject({ code: 1 })
    room().write('results/r', '"'.repeat(1900)) // below 4096 bytes Kubernetes counts, and it counts bytes
    expect(await room().run({ ...options, maxTerminationBytes: 4096 })).toMatchObject({ code: 0 })
  })

  test('of each result leaves the first one over it out, by name, and does not blame the step', async () => {
    mkdirSync(room().path('results'))
    const line = (name: string, value: string) => JSON.stringify({ name, value, type: 'task' }).length
    const size = 100 - line('a', '')
    room().write('results/a', 'x'.repeat(size))
    room().write('results/b', 'x'.repeat(size + 1))
    room().write('results/c', 'x'.repeat(20_000))
    const options = { ...withResults(room(), ['a', 'b', 'c']), maxResultBytes: 100, command: ['true'] }
    expect(await room().run(options)).toMatchObject({ code: 0, stderr: '' })
    expect(results(room()).map(({ key }) => key)).toEqual(['a'])
    expect(internalValue(room().message(), 'ResultTooLarge')).toBe('101 100 result "b"')
    expect(await room().run({ ...options, maxResultBytes: 101 })).toMatchObject({ code: 0, stderr: '' })
    expect(internalValue(room().message(), 'ResultTooLarge')).toBe('20000 101 result "c"')
  })

  test('of a step’s result counts its container, as Tekton’s results sidecar names it', async () => {
    const stepResults = [{ name: 'r', path: room().path('steps/step-a/results/r') }]
    const most = JSON.stringify({ name: 'step-a.r', value: 'xx', type: 'step' }).length
    const options = { ...withResults(room(), []), stepMetadataDir: room().path('steps/step-a'), stepResults }
    const run = (maxResultBytes: number) =>
      room().run({ ...options, maxResultBytes, command: ['sh', '-c', 'printf xx > steps/step-a/results/r'] })
    expect(await run(most)).toMatchObject({ code: 0 })
    expect(results(room()).map(({ key }) => key)).toEqual(['r'])
    expect(await run(most - 1)).toMatchObject({ code: 0 })
    expect(internalValue(room().message(), 'ResultTooLarge')).toBe(`${most} ${most - 1} step result "r"`)
  })

  test('does not excuse a step that continues on errors', async () => {
    room().write('results/r', 'x'.repeat(5000))
    const options = { ...withResults(room(), ['r']), onError: 'continue' as const, command: ['sh', '-c', 'exit 4'] }
    expect(await room().run(options)).toMatchObject({ code: 1 })
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(internalValue(room().message(), 'Reason')).toBeUndefined()
    expect(internalValue(room().message(), 'ExitCode')).toBeUndefined()
  })

  test('leaves a failed step the exit code that says why', async () => {
    room().write('results/r', 'x'.repeat(5000))
    const finished = await room().run({ ...withResults(room(), ['r']), command: ['sh', '-c', 'exit 4'] })
    expect(finished.code).toBe(4)
    expect(internalValue(room().message(), 'Message')).toMatch(/^Termination message is above max allowed size 4096/)
  })

  /** How long a result named "r" may be: what is left beside the rest of the message. */
  async function roomFor(where: Room): Promise<number> {
    where.write('results/r', '')
    await where.run({ ...withResults(where, ['r']), command: ['true'] })
    const length = 4096 - where.read('termination').length
    for (const trace of ['termination', 'run', 'steps']) rmSync(where.path(trace), { recursive: true })
    return length
  }
})

describe.each(builds)('%s: a hostile result', build => {
  const room = roomForEach(build)
  const plants: readonly (readonly [string, (path: string) => void])[] = [
    ['a symbolic link', path => symlinkSync('../secret', path)],
    ['a link to nothing', path => symlinkSync('/nowhere', path)],
    ['a FIFO', path => execFileSync('mkfifo', [path])],
    ['a directory', path => mkdirSync(path)],
    ['a device', path => execFileSync('mknod', [path, 'c', '1', '5'])],
    [
      'a socket',
      path =>
        execFileSync('python3', ['-c', 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path]),
    ],
  ]

  test.each(plants)('that is %s is refused by name, and nothing waits or is followed', async (_, plant) => {
    room().write('secret', 'password')
    mkdirSync(room().path('results'))
    plant(room().path('results/r'))
    const finished = await room().run({ ...withResults(room(), ['r']), command: ['true'] })
    const sentence = `Error while handling results: result "r": "${room().path('results/r')}": not a regular file (symbolic links, FIFOs and devices are refused)`
    expect(finished).toEqual({ code: 1, signal: null, stdout: '', stderr: `${sentence}\n` })
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().read('termination')).not.toContain('password')
    expect(internalValue(room().message(), 'Message')).toBe(sentence)
  })

  test('directory that is a link is refused', async () => {
    room().write('secrets/r', 'password')
    symlinkSync('secrets', room().path('results'))
    const finished = await room().run({ ...withResults(room(), ['r']), command: ['true'] })
    expect(finished).toMatchObject({ code: 1 })
    expect(room().read('termination')).not.toContain('password')
  })

  test('that is a second name of a file is that file', async () => {
    room().write('other', 'same')
    mkdirSync(room().path('results'))
    linkSync(room().path('other'), room().path('results/r'))
    await room().run({ ...withResults(room(), ['r']), command: ['true'] })
    expect(results(room())).toEqual([{ key: 'r', value: 'same', type: ENTRY_TYPE.taskResult }])
  })

  test('that appears and disappears while it is read fails the step or is absent, never hangs', async () => {
    mkdirSync(room().path('results'))
    // Outlives no step: it ends when its own is told to.
    const flicker = room().start({
      command: [
        'sh',
        '-c',
        'trap exit TERM; touch flickers; while :; do ln -s /etc/passwd results/r; rm -f results/r; mkfifo results/r; rm -f results/r; done 2> /dev/null',
      ],
    })
    for (let round = 0; round < 20; round++) {
      const finished = await room().run({ ...withResults(room(), ['r']), command: ['true'] })
      expect([0, 1]).toContain(finished.code)
      expect(room().read('termination')).not.toContain('root:')
    }
    process.kill(flicker.pid, 'SIGTERM')
    expect((await flicker.done).stdout).toBe('')
  })
})

describe.each(builds)('%s: what the step wrote into the message itself', build => {
  const room = roomForEach(build)

  test('is kept, and ours is added', async () => {
    const own = '[ {"key":"a","value":"x\\ny \\u00e9","type":1},\n\t{"type": 4, "value":"", "key":"b"} ]\n'
    await runWriting(own, 'r')
    expect(results(room())).toEqual([
      { key: 'a', value: 'x\ny é', type: ENTRY_TYPE.taskResult },
      { key: 'b', value: '', type: ENTRY_TYPE.stepResult },
      { key: 'r', value: 'ours', type: ENTRY_TYPE.taskResult },
    ])
  })

  test('yields to a declared result of the same name', async () => {
    await runWriting('[{"key":"r","value":"theirs","type":1}]', 'r')
    expect(results(room())).toEqual([{ key: 'r', value: 'ours', type: ENTRY_TYPE.taskResult }])
  })

  test('cannot speak for us', async () => {
    const forged =
      '[{"key":"ExitCode","value":"0","type":3},{"key":"a","value":"x","type":1},{"key":"Reason","value":"Skipped","type":3}]'
    await runWriting(forged, 'r')
    expect(results(room()).map(({ key }) => key)).toEqual(['a', 'r'])
    expect(internalValue(room().message(), 'Reason')).toBeUndefined()
    expect(internalValue(room().message(), 'ExitCode')).toBeUndefined()
  })

  test.each([
    'done.',
    '',
    '[]',
    ' [ ] ',
    '{}',
    '[',
    '[{"key":"a","value":"x","type":1}',
    '[{"key":"a","value":"x","type":1}] and more',
    '[{"key":"a","value":"x","type":1},]',
    '[{"key":"a","value":"x"}]',
    '[{"key":"a","value":"x","type":"1"}]',
    '[{"key":"a","value":"x","type":1,"more":2}]',
    '[{"key":"a","key":"b","value":"x","type":1}]',
    '[{"key":"a","value":{"x":1},"type":1}]',
    '[{"key":"a","value":"\n","type":1}]',
    '[{"key":"a","value":"\\x","type":1}]',
    '[{"key":"a","value":"\\u12","type":1}]',
    '[{"key":"a","value":"x","type":-1}]',
    '[{"key":"a","value":"x","type":01}]',
    '[{"key":"","value":"x","type":1}]',
    '[{"key":"a","value":"x","type":12345678901}]',
    '[{"key":"a","value":"\xff","type":1}]',
    '[[[[[[[[[[[[[[[[[[[[',
    '[{"key":"a","value":"\\',
  ])('is dropped when it is no such list: %j', async own => {
    await runWriting(own, 'r', 'latin1')
    expect(results(room())).toEqual([{ key: 'r', value: 'ours', type: ENTRY_TYPE.taskResult }])
  })

  test('is kept or dropped, whatever it is, and never breaks ours', async () => {
    const good = '[{"key":"a","value":"\\u00e9\\ud834\\udd1e\\n","type":1},{"key":"b","value":"é","type":4}]'
    // A good message with some of its bytes replaced, taken out or doubled reaches deeper than arbitrary bytes do.
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'drop', 'double'))
    const damaged = fc.array(edit, { maxLength: 4 }).map(edits => {
      const bytes = [...text(good)]
      for (const [at, byte, how] of edits) {
        const index = at % bytes.length
        bytes.splice(
          index,
          1,
          ...(how === 'set' ? [byte] : how === 'drop' ? [] : [bytes[index] ?? 0, bytes[index] ?? 0]),
        )
      }
      return Uint8Array.from(bytes)
    })
    await fc.assert(
      fc.asyncProperty(damaged, async own => {
        room().write('own', own)
        room().write('results/r', 'ours')
        const command = ['sh', '-c', 'cat own > termination']
        expect(await room().run({ ...withResults(room(), ['r']), command })).toMatchObject({ code: 0, stderr: '' })
        expect(results(room())).toContainEqual({ key: 'r', value: 'ours', type: ENTRY_TYPE.taskResult })
      }),
      { numRuns: 60 },
    )
  })

  test('is refused when it alone is too long', async () => {
    const finished = await runWriting('x'.repeat(4097), 'r')
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe(
      `Termination message is above max allowed size 4096, caused by large task result. The step itself wrote more than that to "${room().path('termination')}".\n`,
    )
    expect(results(room())).toEqual([])
  })

  test('cannot lead our writing elsewhere', async () => {
    room().write('precious', 'mine')
    const command = ['sh', '-c', 'ln -s precious termination']
    const finished = await room().run({ ...withResults(room(), []), command })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(
      /^writing the termination message to ".*": (Too many levels of symbolic links|Symbolic link loop)\n$/,
    )
    expect(room().read('precious')).toBe('mine')
    expect(room().files('run')).toEqual(['0/out.err'])
  })

  test('shrinks the file when it was longer', async () => {
    await runWriting(`"${'x'.repeat(3000)}"`, 'r')
    expect(results(room())).toEqual([{ key: 'r', value: 'ours', type: ENTRY_TYPE.taskResult }])
  })

  async function runWriting(own: string, name: string, encoding: BufferEncoding = 'utf8') {
    writeFileSync(room().path('own'), Buffer.from(own, encoding))
    room().write(`results/${name}`, 'ours')
    return room().run({ ...withResults(room(), [name]), command: ['sh', '-c', 'cat own > termination'] })
  }
})

function withResults(room: Room, names: readonly string[]) {
  return {
    postFile: room.path('run/0/out'),
    terminationPath: room.path('termination'),
    stepMetadataDir: room.path('steps/step-a'),
    taskResults: names.map(name => ({ name, path: room.path('results', name) })),
  }
}

function results(room: Room) {
  return room.message().filter(({ type }) => type !== ENTRY_TYPE.internal)
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
