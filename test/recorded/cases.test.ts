/**
 * Failures, timeouts, retries, skips, matrices, bad input: manifests of our own, and what the two reconcilers and the
 * entrypoint of Tekton v1.0.0 left behind for them (docs/decisions/0019).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tektite } from '../helpers/cli.js'
import { createComparison, type Recording } from './comparison.js'
import { KNOWN_DIFFERENCES, KNOWN_DIFFERENCES_OF_CASES } from './known-differences.js'

const CASES = join(import.meta.dirname, 'cases')
const files = readdirSync(CASES).filter(file => file.endsWith('.yaml'))
const comparison = createComparison([...KNOWN_DIFFERENCES_OF_CASES, ...KNOWN_DIFFERENCES])

const recordingOf = (file: string): Recording =>
  JSON.parse(readFileSync(join(CASES, file.replace('.yaml', '.recorded.json')), 'utf8')) as Recording

test('there are many cases, most of which do not succeed', () => {
  const roots = files.flatMap(file => recordingOf(file).items).filter(run => run.metadata.ownerReferences === undefined)
  expect(roots.length).toBeGreaterThan(70)
})

describe.concurrent('as a real Tekton ended them', () => {
  test.for(files)('%s', { timeout: 150_000 }, async file => {
    const args = ['run', '-f', join(CASES, file), '-o', 'json', '--timeout', '120s']
    const { stdout, stderr } = await tektite(args)
    expect(stdout, stderr).not.toBe('')
    expect(comparison.unexpected(recordingOf(file), JSON.parse(stdout) as Recording)).toEqual([])
  })
})

test('every known difference of the cases is one that was seen', () => {
  const unseen = new Set(comparison.unseen())
  expect(KNOWN_DIFFERENCES_OF_CASES.filter(known => unseen.has(known.because))).toEqual([])
})
