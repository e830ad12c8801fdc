/** The shim hides what `src/logs/mask.ts` hides: the same cases through whole containers, and the same answers call by call. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createProcessRuntime } from '../../src/kubelet/process.js'
import type { ContainerState } from '../../src/kubelet/runtime.js'
import { createMasker } from '../../src/logs/mask.js'
import { maskPatterns } from '../../src/logs/mask-patterns.js'
import { exited, sh } from '../contract/pod-runtime.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { MASK_CASES } from '../logs/mask.cases.js'
import { builtShim } from './built-shim.js'
import { until } from './until.js'

function world() {
  const root = temporaryDirectory('masks')
  const runtime = createProcessRuntime({ rootDir: join(root, 'pods'), shimPath: builtShim(), isolation: 'rewrite' })
  onTestFinished(() => runtime.close())
  return { root, runtime }
}

const hiding = (...secrets: readonly string[]) => maskPatterns(secrets.map(secret => Buffer.from(secret)))

test('what containers write is stored without their secrets', async () => {
  const { root, runtime } = world()
  const sandbox = await runtime.createPod({ uid: 'uid', namespace: 'ci', name: 'masked' })
  const started = MASK_CASES.map(async ({ name, secrets, output, shown }, index) => {
    const folder = join(root, String(index))
    mkdirSync(folder)
    for (const [at, text] of output.entries()) writeFileSync(join(folder, String(at).padStart(4, '0')), text)
    const hidden = maskPatterns(secrets.map(secret => Buffer.from(secret)))
    const container = `step-${index}`
    const script = output.length === 0 ? 'true' : `for piece in ${folder}/*; do cat $piece; done`
    await runtime.startContainer(sandbox, { ...sh(container, script), hidden })
    await exited(runtime, sandbox, container)
    const stored = await readFile(join(sandbox.rootDir, 'containers', container, 'log'))
    expect([name, stored.toString('latin1')]).toEqual([name, Buffer.from(shown).toString('latin1')])
  })
  await Promise.all(started)
  await runtime.removePod(sandbox)
})

test('the shim answers each call as the masker in TypeScript does', () => {
  const root = temporaryDirectory('mask-driver')
  const program = join(root, 'driver')
  const sources = ['test/kubelet/mask-driver.c', 'src/kubelet/shim/mask.c']
  const cc = [
    '-std=c11',
    '-D_GNU_SOURCE',
    '-O1',
    '-g',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-o',
    program,
  ]
  execFileSync('cc', [...cc, ...sources.map(path => join(import.meta.dirname, '../..', path))])
  const word = (least: number, most: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: least, maxLength: most })
  const call = fc.oneof(
    { weight: 5, arbitrary: word(0, 9).map(text => `w${text}`) },
    { weight: 1, arbitrary: fc.constant('p') },
  )
  const round = fc.record({ patterns: fc.array(word(2, 7), { minLength: 1, maxLength: 6 }), calls: fc.array(call) })
  const rounds = [
    ...fc.sample(round, { numRuns: 400, seed: 1 }),
    // Longer than a pattern may be, and than is read at once.
    {
      patterns: ['a'.repeat(256), `${'a'.repeat(100)}b`],
      calls: Array.from({ length: 40 }, (_, at) => `w${'a'.repeat(at * 9)}b`),
    },
  ]
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
  const input: string[] = []
  const expected: string[] = []
  for (const { patterns, calls } of rounds) {
    const sized = patterns.map(text =>
      Buffer.concat([Buffer.from([text.length >> 8, text.length & 255]), Buffer.from(text)]),
    )
    const masker = createMasker(patterns.map(text => Buffer.from(text)))
    const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    input.push(
      `m${Buffer.concat(sized).toString('hex')}`,
      ...calls.map(each => (each === 'p' ? each : `w${hex(each.slice(1))}`)),
      'e',
    )
    expected.push(
      '',
      ...calls.map(each => shown(each === 'p' ? masker.pause() : masker.write(Buffer.from(each.slice(1))))),
      shown(masker.end()),
    )
  }
  // A shim has one masker for as long as it lives, and gives it back with its process.
  const answers = execFileSync(program, {
    input: `${input.join('\n')}\n`,
    maxBuffer: 64 * 1024 * 1024,
    env: { ASAN_OPTIONS: 'detect_leaks=0' },
  }).toString('latin1')
  expect(answers).toBe(`${expected.join('\n')}\n`)
})

test('a line that may go on as a secret comes after a while, the beginning of one at the end', async () => {
  const { root, runtime } = world()
  const sandbox = await runtime.createPod({ uid: 'slow', namespace: 'ci', name: 'slow' })
  const go = join(root, 'go')
  const script = `printf 'start\\nmiddle-'; while [ ! -e ${go} ]; do sleep 0.02; done; printf 'end\\nhal'`
  const hidden = hiding('start\nmiddle-of\nend-of-it', 'half-a-secret')
  await runtime.startContainer(sandbox, { ...sh('step', script), hidden })
  const log = join(sandbox.rootDir, 'containers', 'step', 'log')
  // Neither line is long enough to be a secret by itself.
  await until('the whole line', async () => (await readFile(log, 'utf8')) === 'start\n')
  writeFileSync(go, '')
  await exited(runtime, sandbox, 'step')
  expect(await readFile(log, 'utf8')).toBe('start\nmiddle-end\nhal')
  await runtime.removePod(sandbox)
})

test.each([
  ['a text', 'died of s3cr3t-value', 'died of ***'],
  [
    'results, which are data',
    '[{"key":"a","value":"s3cr3t-value","type":1}]',
    '[{"key":"a","value":"s3cr3t-value","type":1}]',
  ],
])('last words: %s', async (_, words, message) => {
  const { runtime } = world()
  const sandbox = await runtime.createPod({ uid: 'words', namespace: 'ci', name: 'words' })
  const config = sh('step', `printf '%s' '${words}' > /dev/termination-log; exit 1`)
  await runtime.startContainer(sandbox, { ...config, hidden: hiding('s3cr3t-value') })
  const state = (await exited(runtime, sandbox, 'step')) as ContainerState & { readonly kind: 'exited' }
  expect(state.message).toBe(message)
  await runtime.removePod(sandbox)
})

test('patterns that are none start nothing: better no container than a secret in its log', async () => {
  const { runtime } = world()
  const sandbox = await runtime.createPod({ uid: 'odd', namespace: 'ci', name: 'odd' })
  await runtime.startContainer(sandbox, { ...sh('step', 'echo ran'), hidden: [Buffer.from('x')] })
  expect(await exited(runtime, sandbox, 'step')).toMatchObject({ reason: 'StartError', exitCode: 128 })
  await runtime.removePod(sandbox)
})
