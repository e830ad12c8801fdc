/** Artifacts: what steps read and made, handed to later steps and told to the engine. */
import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EntrypointOptions } from '../../src/pod/entrypoint-args.js'
import { artifactValuesJson } from '../../src/status/artifacts.js'
import { ENTRY_TYPE } from '../../src/status/termination-message.js'
import { builds, type Room, roomForEach } from './room.js'

const PROVENANCE = {
  inputs: [{ name: 'source', values: [{ uri: 'git:a?b&c', digest: { sha256: 'b35c', sha1: '9558' } }] }],
  unknown: [1, { deep: [true, null, -1.5e3, 'x'] }],
  outputs: [
    { values: [{ uri: 'first' }], name: 'image', buildOutput: true },
    { name: 'none' },
    { name: 'empty', values: [] },
    { name: 'image', values: [{ uri: 'second' }] },
    { name: 'two', values: [{ digest: {}, other: [{}] }, { uri: '<"\\\n\u00e9>' }] },
  ],
}

describe.each(builds)('%s: artifacts', build => {
  const room = roomForEach(build)
  const provenance = (text: string) => room().write('steps/step-before/artifacts/provenance.json', text)

  test.each([
    [
      'an input',
      '$(steps.before.inputs.source)',
      '[{"digest":{"sha1":"9558","sha256":"b35c"},"uri":"git:a?b\\u0026c"}]',
    ],
    ['the first output of a name', '$(steps.before.outputs.image)', '[{"uri":"first"}]'],
    ['an output without values', '$(steps.before.outputs.none)', 'null'],
    ['an output with no value', '$(steps.before.outputs.empty)', '[]'],
    ['several values', '$(steps.before.outputs.two)', '[{},{"uri":"\\u003c\\"\\\\\\né\\u003e"}]'],
    ['a reference amid text', 'a$(steps.before.outputs.empty)b$(steps.before.outputs.none)', 'a[]bnull'],
    ['an artifact that is not there', '$(steps.before.outputs.other)', '$(steps.before.outputs.other)'],
    ['an input under the name of an output', '$(steps.before.inputs.image)', '$(steps.before.inputs.image)'],
    ['a step without artifacts', '$(steps.after.outputs.image)', '$(steps.after.outputs.image)'],
    ['a reference without a name', '$(steps.before.outputs)', '$(steps.before.outputs)'],
  ])('%s reaches argument, environment and script alike', async (_, reference, expected) => {
    provenance(JSON.stringify(PROVENANCE))
    const script = room().write(
      'scripts/script-0',
      `#!/bin/sh\nprintf '%s|' "$1" "$FROM"\ncat <<'EOF'\n${reference}\nEOF\n`,
      0o755,
    )
    const { code, stdout } = await room().run(
      { ...step(room()), replaceScript: true, command: [script, reference] },
      { env: { FROM: reference } },
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${expected}|${expected}|${expected}\n` })
  })

  test.each([
    '',
    '{',
    '[]',
    '{"outputs":{}}',
    '{"outputs":[{"name":"image","values":[{"uri":1}]}]}',
    '{"outputs":[{"name":"image"}]} x',
    `{"outputs":${'['.repeat(5000)}`,
  ])('a file that is no provenance leaves the reference and says so: %s', async text => {
    provenance(text)
    const reference = '$(steps.before.outputs.image)'
    const { code, stdout, stderr } = await room().run({ ...step(room()), command: ['echo', reference] })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${reference}\n` })
    expect(stderr).toBe(
      `Error while substituting step artifacts: "${reference}": no such artifact in a JSON file of inputs and outputs\n`,
    )
  })

  test('the script itself stays as it is, and its copy can be run', async () => {
    provenance(JSON.stringify(PROVENANCE))
    const text = '#!/bin/sh\necho "$0" $(steps.before.outputs.empty)\n'
    const script = room().write('scripts/script-0', text, 0o555)
    const { stdout } = await room().run({ ...step(room()), replaceScript: true, command: [script] })
    expect(stdout).toBe(`${room().path('steps/step-a/script')} []\n`)
    expect(readFileSync(script, 'utf8')).toBe(text)
    expect(statSync(room().path('steps/step-a/script')).mode & 0o777).toBe(0o755)
  })

  test('results are not replaced in a script, and without the flag nothing is', async () => {
    provenance(JSON.stringify(PROVENANCE))
    room().write('steps/step-before/results/r', 'result')
    const text = "#!/bin/sh\necho '$(steps.before.results.r)' '$(steps.before.outputs.empty)'\n"
    const script = room().write('scripts/script-0', text, 0o755)
    const replaced = await room().run({ ...step(room()), replaceScript: true, command: [script] })
    expect(replaced.stdout).toBe('$(steps.before.results.r) []\n')
    const plain = await room().run({ ...step(room()), command: [script] })
    expect(plain.stdout).toBe('$(steps.before.results.r) $(steps.before.outputs.empty)\n')
  })

  test('the step’s and the task’s are told, each under its place in the container', async () => {
    mkdirSync(room().path('artifacts'))
    const command = [
      'sh',
      '-c',
      'printf 1 > steps/step-a/artifacts/provenance.json; printf 2 > artifacts/provenance.json',
    ]
    expect(await room().run({ ...step(room()), command })).toMatchObject({ code: 0, stderr: '' })
    expect(
      room()
        .message()
        .filter(({ type }) => type !== ENTRY_TYPE.internal),
    ).toEqual([
      { key: '/tekton/artifacts/provenance.json', value: '2', type: ENTRY_TYPE.taskArtifacts },
      { key: '/tekton/steps/step-a/artifacts/provenance.json', value: '1', type: ENTRY_TYPE.stepArtifacts },
    ])
  })

  test('what lies in the step’s place before it starts is gone', async () => {
    room().write('steps/step-a/artifacts/provenance.json', 'forged')
    expect(await room().run({ ...step(room()), command: ['true'] })).toMatchObject({ code: 0, stderr: '' })
    expect(
      room()
        .message()
        .filter(({ type }) => type !== ENTRY_TYPE.internal),
    ).toEqual([])
  })

  test('a link is refused by name', async () => {
    mkdirSync(room().path('artifacts'))
    symlinkSync('/etc/passwd', room().path('artifacts/provenance.json'))
    const { code, stderr } = await room().run({ ...step(room()), command: ['true'] })
    expect(code).toBe(1)
    expect(stderr).toContain(
      `Error while handling results: artifacts: "${room().path('artifacts/provenance.json')}": not a regular file`,
    )
  })

  test('too large ones fail the step by name', async () => {
    const command = ['sh', '-c', 'head -c 5000 /dev/zero | tr "\\0" x > steps/step-a/artifacts/provenance.json']
    const { code, stderr } = await room().run({ ...step(room()), command })
    expect(code).toBe(1)
    expect(stderr).toContain('caused by large task result. The largest is step artifacts with 5000 bytes.')
  })
})

describe('release: artifacts', () => {
  const room = roomForEach('release')

  test('what the entrypoint makes of values is what the engine makes of them', async () => {
    const value = fc.record(
      { uri: fc.string({ unit: 'grapheme' }), digest: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }) },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 3 }), async values => {
        const made = room()
        made.write('steps/step-before/artifacts/provenance.json', JSON.stringify({ inputs: [{ values, name: 'n' }] }))
        const { stdout } = await made.run({ ...step(made), command: ['printf', '%s', '$(steps.before.inputs.n)'] })
        expect(stdout).toBe(artifactValuesJson({ values }))
      }),
      { numRuns: 60, examples: [[[{ digest: { '': '', 0: '' } }]]] },
    )
  })
})

function step(where: Room): Omit<EntrypointOptions, 'command'> {
  return {
    stepMetadataDir: where.path('steps/step-a'),
    stepsDir: where.path('steps'),
    terminationPath: where.path('termination'),
    taskArtifacts: where.path('artifacts/provenance.json'),
  }
}
