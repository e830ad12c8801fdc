import { mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { internalValue } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach } from './room.js'

describe.each(builds)('%s: a reference to the result of an earlier step', build => {
  const room = roomForEach(build)

  test.each([
    ['a string', 'v1\n', '$(steps.a.results.r)', ['v1\n']],
    ['nothing', '', 'x$(steps.a.results.r)y', ['xy']],
    ['a part of an argument, twice', 'v', '<$(steps.a.results.r)|$(steps.a.results.r)>', ['<v|v>']],
    ['an element', '["x","y \\u00e9\\n"]', '$(steps.a.results.r[1])!', ['y é\n!']],
    ['a key', '{ "k" : "v", "l": "w" }', '$(steps.a.results.r.l)', ['w']],
    ['the last of equal keys', '{"k":"v","k":"w"}', '$(steps.a.results.r.k)', ['w']],
    ['a whole array', ' ["x", "", "y z"] ', '$(steps.a.results.r[*])', ['x', '', 'y z']],
    ['a whole empty array', '[]', '$(steps.a.results.r[*])', []],
    [
      'something that looks like a reference: it is not looked at again',
      '$(steps.a.results.s)',
      '$(steps.a.results.r)',
      ['$(steps.a.results.s)'],
    ],
    ['JSON taken as a string', '["x"]', '$(steps.a.results.r)', ['["x"]']],
    ['an escaped pair', '["\\ud834\\udd1e \\ud834 \\udd1e"]', '$(steps.a.results.r[0])', ['𝄞 \ufffd \ufffd']],
  ])('is replaced: %s', async (_, content, argument, expected) => {
    room().write('steps/step-a/results/r', content)
    const finished = await room().run({ stepsDir: room().path('steps'), command: printing(argument) })
    expect(finished).toEqual({ code: 0, signal: null, stdout: shown(expected), stderr: '' })
  })

  test.each([
    ['a result nobody wrote', '', '$(steps.a.results.absent)', 'that step has not written it'],
    ['an index too high', '["x"]', '$(steps.a.results.r[1])', 'no such element in a JSON array of strings'],
    ['an array of numbers', '[1]', '$(steps.a.results.r[0])', 'no such element in a JSON array of strings'],
    ['an array with a bad end', '["x"', '$(steps.a.results.r[0])', 'no such element in a JSON array of strings'],
    ['no array', 'x', '$(steps.a.results.r[*])', 'not a JSON array of strings'],
    ['half an array', '["x","y"', '$(steps.a.results.r[*])', 'not a JSON array of strings'],
    ['an array inside a word', '["x"]', 'a$(steps.a.results.r[*])', '[*] must be the whole argument'],
    ['an unknown key', '{"k":"v"}', '$(steps.a.results.r.x)', 'no such key in a JSON object of strings'],
    ['a nested object', '{"k":{"l":"v"}}', '$(steps.a.results.r.k)', 'no such key in a JSON object of strings'],
    ['a zero byte', 'a\0b', '$(steps.a.results.r)', 'it holds a zero byte'],
    ['an escaped zero byte', '["a\\u0000b"]', '$(steps.a.results.r[0])', 'it holds a zero byte'],
    ['more than a mebibyte', 'x'.repeat(1_048_577), '$(steps.a.results.r)', 'larger than 1 MiB'],
  ])('that cannot be resolved stays and is said: %s', async (_, content, argument, reason) => {
    room().write('steps/step-a/results/r', content)
    const finished = await room().run({ stepsDir: room().path('steps'), command: printing(argument) })
    const reference = argument.replace(/^a/, '')
    expect(finished).toMatchObject({ code: 0, stdout: shown([argument]) })
    expect(finished.stderr).toBe(`Error while substituting step results: "${reference}": ${reason}\n`)
  })

  test.each([
    '$(steps.a.results.)',
    '$(steps..results.r)',
    '$(steps.a.results.r',
    '$(steps.a.outputs)',
    '$(steps.a.results.r[)',
    '$(steps.a.results.r[x])',
    '$(steps.a.results.r[-1])',
    '$(steps.a.results.r[1]x)',
    '$(steps.a.results.r.)',
    '$(steps.a.results.../../../secret)',
    '$(steps./../../x.results.r)',
    '$(params.x)',
    '$$(steps',
    '$(steps.',
  ])('that is none stays silently: %s', async argument => {
    room().write('steps/step-a/results/r', 'v')
    const finished = await room().run({ stepsDir: room().path('steps'), command: printing(argument) })
    expect(finished).toEqual({ code: 0, signal: null, stdout: shown([argument]), stderr: '' })
  })

  test('is replaced in the environment and in the name of the program', async () => {
    room().write('steps/step-a/results/r', 'printenv')
    const options = { stepsDir: room().path('steps'), command: ['$(steps.a.results.r)', 'GIVEN', 'PLAIN'] }
    const env = { GIVEN: 'by $(steps.a.results.r)', PLAIN: '$(other)' }
    expect(await room().run(options, { env })).toMatchObject({ code: 0, stdout: 'by printenv\n$(other)\n' })
  })

  test('is not replaced unless that was asked for', async () => {
    room().write('steps/step-a/results/r', 'v')
    expect(await room().run({ command: printing('$(steps.a.results.r)') })).toMatchObject({
      stdout: shown(['$(steps.a.results.r)']),
    })
  })

  test('follows no link that a step has planted', async () => {
    room().write('secret', 'password')
    mkdirSync(room().path('steps/step-a/results'), { recursive: true })
    symlinkSync('../../../secret', room().path('steps/step-a/results/r'))
    const finished = await room().run({ stepsDir: room().path('steps'), command: printing('$(steps.a.results.r)') })
    expect(finished.stdout).toBe(shown(['$(steps.a.results.r)']))
    expect(finished.stderr).toMatch(/not a regular file\n$/)
  })

  test('sees what the step before wrote just before it ended', async () => {
    const a = room().start({
      postFile: room().path('run/0/out'),
      stepMetadataDir: room().path('steps/step-a'),
      command: ['sh', '-c', 'printf fresh > steps/step-a/results/r'],
    })
    const b = room().start({
      waitFile: room().path('run/0/out'),
      stepsDir: room().path('steps'),
      command: printing('$(steps.a.results.r)'),
    })
    expect(await a.done).toMatchObject({ code: 0 })
    expect(await b.done).toMatchObject({ code: 0, stdout: shown(['fresh']) })
  })
})

describe.each(builds)('%s: when', build => {
  const room = roomForEach(build)

  test.each([
    ['in, found', [{ input: 'b', operator: 'in', values: ['a', 'b'] }], true],
    ['in, not found', [{ input: 'c', operator: 'in', values: ['a', 'b'] }], false],
    ['in nothing', [{ input: '', operator: 'in', values: [] }], false],
    ['notin, found', [{ input: 'b', operator: 'notin', values: ['a', 'b'] }], false],
    ['notin, not found', [{ input: 'c', operator: 'notin', values: ['a', 'b'] }], true],
    ['notin nothing', [{ input: '', operator: 'notin', values: [] }], true],
    ['the empty text', [{ input: '', operator: 'in', values: [''] }], true],
    ['values like flags', [{ input: '--', operator: 'in', values: ['-when_in', '--'] }], true],
    [
      'all hold',
      [
        { input: 'a', operator: 'in', values: ['a'] },
        { input: 'a', operator: 'notin', values: ['b'] },
      ],
      true,
    ],
    [
      'one does not',
      [
        { input: 'a', operator: 'in', values: ['a'] },
        { input: 'b', operator: 'notin', values: ['b'] },
      ],
      false,
    ],
    [
      'an alternative does',
      [
        { input: 'a', operator: 'in', values: ['b'] },
        { input: 'a', operator: 'notin', values: ['a'], alternative: true },
        { input: '$(steps.a.results.r)', operator: 'in', values: ['v'], alternative: true },
        { input: 'a', operator: 'in', values: ['a'] },
      ],
      true,
    ],
    [
      'no alternative does',
      [
        { input: 'a', operator: 'in', values: ['a'] },
        { input: 'a', operator: 'in', values: ['b'] },
        { input: 'a', operator: 'notin', values: ['a'], alternative: true },
        { input: 'a', operator: 'in', values: ['a'] },
      ],
      false,
    ],
    ['a result as input', [{ input: '$(steps.a.results.r)', operator: 'in', values: ['v'] }], true],
    ['a result as value', [{ input: 'v', operator: 'in', values: ['u', '$(steps.a.results.r)'] }], true],
    ['an array as values', [{ input: 'y', operator: 'in', values: ['$(steps.a.results.many[*])'] }], true],
    [
      'an array between values',
      [{ input: 'w', operator: 'notin', values: ['u', '$(steps.a.results.many[*])', 'v'] }],
      true,
    ],
    [
      'values of the first are not the second’s',
      [
        { input: 'x', operator: 'in', values: ['$(steps.a.results.many[*])'] },
        { input: 'y', operator: 'in', values: ['z'] },
      ],
      false,
    ],
  ] as const)('decides whether the command runs: %s', async (_, when, runs) => {
    room().write('steps/step-a/results/r', 'v')
    room().write('steps/step-a/results/many', '["x","y"]')
    const finished = await room().run({ ...step(room()), when, command: ['touch', room().path('ran')] })
    expect(finished.code).toBe(0)
    expect(room().has('ran')).toBe(runs)
    expect(room().files('run')).toEqual(['1/out'])
    expect(room().read('steps/step-b/exitCode')).toBe('0')
    expect(internalValue(room().message(), 'Reason')).toBe(runs ? undefined : 'Skipped')
    expect(internalValue(room().message(), 'ExitCode')).toBeUndefined()
    expect(finished.stderr).toBe(runs ? '' : 'Step was skipped due to when expressions were evaluated to false.\n')
  })

  function step(where: Room) {
    return {
      postFile: where.path('run/1/out'),
      terminationPath: where.path('termination'),
      stepMetadataDir: where.path('steps/step-b'),
      stepsDir: where.path('steps'),
    }
  }
})

/** Prints each argument in brackets. */
function printing(...args: readonly string[]): readonly string[] {
  return ['sh', '-c', 'for arg in "$@"; do printf "[%s]" "$arg"; done', 'sh', ...args]
}

function shown(args: readonly string[]): string {
  return args.map(arg => `[${arg}]`).join('')
}
