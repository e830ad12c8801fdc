import { chmodSync, mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ENTRY_TYPE, internalValue } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach } from './room.js'

describe.each(builds)('%s: the exit code', build => {
  const room = roomForEach(build)

  test('is the command’s own, all 256 of them', async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code)
    const seen = new Map<number, number | null>()
    // A few at a time: there are two cores.
    const workers = Array.from({ length: 4 }, async () => {
      for (let code = codes.pop(); code !== undefined; code = codes.pop()) {
        seen.set(code, (await room().run({ command: ['sh', '-c', `exit ${code}`] })).code)
      }
    })
    await Promise.all(workers)
    expect(seen.size).toBe(256)
    expect([...seen].filter(([code, got]) => code !== got)).toEqual([])
  })

  test.each([1, 2, 6, 9, 11, 13, 15, 34, 64])('is 128+n when signal %i killed it', async signal => {
    const finished = await room().run(all(room(), ['sh', '-c', `ulimit -c 0; kill -${signal} $$`]))
    expect(finished).toMatchObject({ code: 128 + signal, signal: null })
    expect(room().files('run')).toEqual(['0/out.err'])
  })

  test('0 writes it, an empty post file, and when the command started', async () => {
    const before = new Date().toISOString()
    expect(await room().run(all(room(), ['true']))).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    const after = new Date().toISOString()
    expect(room().files('run')).toEqual(['0/out'])
    expect(room().read('run/0/out')).toBe('')
    expect(room().read('steps/step-a/exitCode')).toBe('0')
    const entries = room().message()
    expect(entries.map(({ key, type }) => [key, type])).toEqual([['StartedAt', ENTRY_TYPE.internal]])
    const startedAt = internalValue(entries, 'StartedAt') ?? ''
    expect([before, startedAt, after].sort()).toEqual([before, startedAt, after])
  })

  test('other than 0 writes an error file and no exit code', async () => {
    expect(await room().run(all(room(), ['sh', '-c', 'exit 3']))).toMatchObject({ code: 3, stderr: '' })
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(
      room()
        .message()
        .map(({ key }) => key),
    ).toEqual(['StartedAt'])
  })

  test('becomes 0 with onError continue, and the real one is told in two places', async () => {
    const options = { ...all(room(), ['sh', '-c', 'exit 11']), onError: 'continue' as const }
    expect(await room().run(options)).toMatchObject({ code: 0, stderr: '' })
    expect(room().files('run')).toEqual(['0/out'])
    expect(room().read('steps/step-a/exitCode')).toBe('11')
    expect(internalValue(room().message(), 'ExitCode')).toBe('11')
    expect(internalValue(room().message(), 'Reason')).toBe('Continued')
  })

  test('of a signal is continued as 128+n', async () => {
    const options = { ...all(room(), ['sh', '-c', 'kill -KILL $$']), onError: 'continue' as const }
    expect(await room().run(options)).toMatchObject({ code: 0 })
    expect(room().read('steps/step-a/exitCode')).toBe('137')
    expect(internalValue(room().message(), 'ExitCode')).toBe('137')
  })

  test('of a good step says nothing of continue', async () => {
    await room().run({ ...all(room(), ['true']), onError: 'continue' })
    expect(room().read('steps/step-a/exitCode')).toBe('0')
    expect(
      room()
        .message()
        .map(({ key }) => key),
    ).toEqual(['StartedAt'])
  })

  test('is the command’s own with stopAndFail', async () => {
    expect(await room().run({ ...all(room(), ['sh', '-c', 'exit 4']), onError: 'stopAndFail' })).toMatchObject({
      code: 4,
    })
    expect(room().files('run')).toEqual(['0/out.err'])
  })
})

describe.each(builds)('%s: a command that cannot start', build => {
  const room = roomForEach(build)

  test('is 127 when it is not in PATH', async () => {
    await expectNotStarted(
      ['no-such-command', '-x'],
      127,
      'Error executing command: "no-such-command": not found in PATH',
    )
  })

  test('is 127 when its file is missing', async () => {
    await expectNotStarted(
      ['/no/such/file'],
      127,
      'Error executing command: "/no/such/file": No such file or directory',
    )
  })

  test('is 127 when its interpreter is missing, which is named', async () => {
    const script = room().write('script', '#!/bin/no-such-shell -e\necho\n', 0o755)
    await expectNotStarted(
      [script],
      127,
      `Error executing command: "${script}": its interpreter "/bin/no-such-shell" is not in this image`,
    )
  })

  test('shows the carriage return of a script from Windows', async () => {
    const script = room().write('script', '#!/bin/sh\r\necho\r\n', 0o755)
    await expectNotStarted(
      [script],
      127,
      `Error executing command: "${script}": its interpreter "/bin/sh\\r" is not in this image`,
    )
  })

  test('is 126 when it may not be executed', async () => {
    const script = room().write('script', '#!/bin/sh\n', 0o644)
    await expectNotStarted([script], 126, `Error executing command: "${script}": Permission denied`)
  })

  test('is 126 when it is a directory', async () => {
    await expectNotStarted([room().dir], 126, `Error executing command: "${room().dir}": Is a directory`)
  })

  // glibc, which only the asan build uses, hands such a file to a shell instead.
  if (build === 'release')
    test('is 126 when it is no program', async () => {
      const file = room().write('file', 'neither ELF nor #!\n', 0o755)
      const sentence = 'exec format error: built for another machine, or a script without "#!"'
      await expectNotStarted([file], 126, `Error executing command: "${file}": ${sentence}`)
    })

  test('cannot forge a log line by its name', async () => {
    await expectNotStarted(['a\nb"\\\x07é'], 127, 'Error executing command: "a\\nb\\"\\\\\\x07é": not found in PATH')
  })

  test('is not excused by onError continue', async () => {
    const finished = await room().run({ ...all(room(), ['no-such-command']), onError: 'continue' })
    expect(finished.code).toBe(127)
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
  })

  test('is started after all when whoever writes it closes it in time', async () => {
    const script = room().write('script', '#!/bin/sh\nexit 5\n', 0o755)
    // A sleeping process inherits it opened for writing: exec says ETXTBSY until that ends.
    const busy = ['sh', '-c', 'exec 9>> "$0"; sleep 0.1 & exec 9>&-; exec "$@"', script]
    expect(await room().run({ command: [script] }, { under: busy })).toMatchObject({ code: 5, stderr: '' })
  })

  async function expectNotStarted(command: readonly string[], code: number, line: string): Promise<void> {
    const finished = await room().run(all(room(), command))
    expect(finished).toEqual({ code, signal: null, stdout: '', stderr: `${line}\n` })
    expect(room().files('run')).toEqual(['0/out.err'])
    expect(room().files('steps')).toEqual([])
    expect(internalValue(room().message(), 'Message')).toBe(line)
    expect(internalValue(room().message(), 'StartedAt')).toMatch(/Z$/)
  }
})

describe.each(builds)('%s: wrong arguments', build => {
  const room = roomForEach(build)

  test.each([
    ['an unknown flag', ['-nope', 'x'], 'entrypoint: -nope "x": unknown flag; flags come before "--"'],
    ['a flag without its value', ['-timeout_ms'], 'entrypoint: -timeout_ms "": value missing'],
    ['a result without its path', ['-task_result', 'r'], 'entrypoint: -task_result "": value missing'],
    ['a relative path', ['-wait_file', 'out', '--', 'true'], 'entrypoint: -wait_file "out": must be an absolute path'],
    ['an empty path', ['-stdout_path', '', '--', 'true'], 'entrypoint: -stdout_path "": must not be empty'],
    ['a long path', ['-cancel_file', `/${'x'.repeat(3800)}`, '--', 'true'], /must not be longer than 3800 bytes$/m],
    [
      'a negative time',
      ['-timeout_ms', '-1', '--', 'true'],
      /^entrypoint: -timeout_ms "-1": must be a number of milliseconds/,
    ],
    ['a time with a unit', ['-grace_ms', '10s', '--', 'true'], /^entrypoint: -grace_ms "10s": must be a number/],
    ['a huge time', ['-timeout_ms', '99999999999999999999', '--', 'true'], /must be a number/],
    ['a limit too small for our own entries', ['-max_termination_bytes', '255', '--', 'true'], /from 256 to 16777216/],
    [
      'an unknown onError',
      ['-on_error', 'x', '--', 'true'],
      'entrypoint: -on_error "x": must be either "continue" or "stopAndFail"',
    ],
    ['a result name that leaves its directory', ['-task_result', '../x', '/r/../x', '--', 'true'], /holds no '\/'$/m],
    ['a result name that is a directory', ['-step_result', '..', '/r/..', '--', 'true'], /holds no '\/'$/m],
    ['an alternative to nothing', ['-when_or_in', 'x', '--', 'true'], /must follow -when_in or -when_not_in$/m],
    ['a value of no condition', ['-when_value', 'x', '--', 'true'], /must follow -when_in or -when_not_in$/m],
    ['no command', ['--'], 'entrypoint: no command; it comes after "--"'],
    ['nothing at all', [], 'entrypoint: no command; it comes after "--"'],
  ] as const)('%s is refused, and the next step told', async (_, wrong, line) => {
    const finished = await room().startWith(['-post_file', room().path('out'), ...wrong]).done
    expect(finished.code).toBe(2)
    if (typeof line === 'string') expect(finished.stderr).toBe(`${line}\n`)
    else expect(finished.stderr).toMatch(line)
    expect(room().files()).toEqual(['out.err'])
  })

  test('are all read before giving up, so that a later post file is known', async () => {
    const finished = await room().startWith(['-timeout_ms', 'x', '-post_file', room().path('out'), '--', 'true']).done
    expect(finished.code).toBe(2)
    expect(room().files()).toEqual(['out.err'])
  })

  test('behind "--" are the command’s', async () => {
    const finished = await room().run({ command: ['echo', '-post_file', '--', '-nope'] })
    expect(finished).toMatchObject({ code: 0, stdout: '-post_file -- -nope\n' })
  })
})

describe.each(builds)('%s: the working directory', build => {
  const room = roomForEach(build)

  test('is made with its parents, 0755, and entered', async () => {
    const workingDir = room().path('workspace/a/b')
    const command = ['sh', '-c', 'pwd; stat -c %a . ..; umask']
    expect(await room().run({ workingDir, command })).toMatchObject({
      code: 0,
      stdout: `${workingDir}\n755\n755\n0022\n`,
    })
  })

  test('may be there already', async () => {
    mkdirSync(room().path('w'), { mode: 0o700 })
    const command = ['sh', '-c', 'pwd; stat -c %a .']
    expect(await room().run({ workingDir: room().path('w'), command })).toMatchObject({
      code: 0,
      stdout: `${room().path('w')}\n700\n`,
    })
  })

  test('is where relative paths of the author start', async () => {
    room().write('w/tool', '#!/bin/sh\necho from tool\n', 0o755)
    const options = { workingDir: room().path('w'), stdoutPath: 'logs/out', command: ['./tool'] }
    expect(await room().run(options)).toMatchObject({ code: 0, stdout: 'from tool\n' })
    expect(room().read('w/logs/out')).toBe('from tool\n')
  })

  test('that cannot be is a start failure', async () => {
    room().write('file', '')
    const finished = await room().run({ ...all(room(), ['true']), workingDir: room().path('file/w') })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe(
      `Error executing command: working directory "${room().path('file/w')}": Not a directory\n`,
    )
    expect(room().files('run')).toEqual(['0/out.err'])
  })
})

describe.each(builds)('%s: the step’s own directory', build => {
  const room = roomForEach(build)

  test('has an empty results folder, whatever an earlier step put there', async () => {
    room().write('steps/step-a/results/planted', 'forged')
    room().write('steps/step-a/results/deep/er/file', 'forged')
    room().write('steps/step-a/exitCode', '0')
    chmodSync(room().path('steps/step-a/results/deep'), 0o755)
    const options = { ...all(room(), ['sh', '-c', `ls -A ${room().path('steps/step-a/results')}; exit 3`]) }
    const result = { name: 'planted', path: room().path('steps/step-a/results/planted') }
    expect(await room().run({ ...options, stepResults: [result] })).toMatchObject({ code: 3, stdout: '' })
    expect(room().files('steps')).toEqual([])
    expect(
      room()
        .message()
        .map(({ key }) => key),
    ).toEqual(['StartedAt'])
  })

  test.each(['steps/step-a', 'steps/step-a/results'])('does not follow a link planted at %s', async where => {
    room().write('precious/results/keep', 'mine')
    mkdirSync(room().path('steps/step-a'), { recursive: true })
    const link = `rm -rf ${room().path(where)} && ln -s ${room().path('precious')} ${room().path(where)} && exec "$@"`
    const finished = await room().run(all(room(), ['true']), { under: ['sh', '-c', link, 'sh'] })
    expect(room().files('precious')).toEqual(['results/keep'])
    if (where === 'steps/step-a') {
      expect(finished).toMatchObject({ code: 1, stderr: `making directory "${room().path(where)}": Not a directory\n` })
      expect(room().files('run')).toEqual(['0/out.err'])
    } else {
      expect(finished).toMatchObject({ code: 0, stderr: '' })
      expect(room().files('steps')).toEqual(['step-a/exitCode'])
    }
  })

  test('is not looked for in depths without end', async () => {
    const deep = room().path('steps/step-a/results', ...Array.from({ length: 80 }, () => 'd'))
    mkdirSync(deep, { recursive: true })
    const finished = await room().run(all(room(), ['true']))
    expect(finished).toMatchObject({
      code: 1,
      stderr: `clearing "${room().path('steps/step-a/results')}": Directory not empty\n`,
    })
    expect(room().files('run')).toEqual(['0/out.err'])
  })
})

function all(room: Room, command: readonly string[]) {
  return {
    postFile: room.path('run/0/out'),
    terminationPath: room.path('termination'),
    stepMetadataDir: room.path('steps/step-a'),
    command,
  }
}
