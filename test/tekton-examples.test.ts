/**
 * Tekton's own examples, each in a run of its own, as a user would start them. Where there is a recording of what a real
 * Tekton left behind, ours has to be the same, field by field.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TaskRun } from '../src/resources/tekton.js'
import { ROOT, SHARED, tektite } from './helpers/cli.js'
import { temporaryDirectory } from './helpers/temp-directory.js'
import { createComparison, type Recording } from './recorded/comparison.js'
import { KNOWN_DIFFERENCES } from './recorded/known-differences.js'

const RECORDINGS = join(SHARED, 'tekton-recorded')
const EXAMPLES = join(SHARED, 'tekton-examples')

/** What does not succeed, and why. An example that starts to succeed must leave this list. */
const FAILING: Readonly<Record<string, string>> = {
  'v1/pipelineruns/no-ci/compressed-results-pipeline.yaml':
    'fails on a real Tekton too: no result is called "digest-${i}", so the shell runs $(results.digest-${i}.path) as a command',
}

/** Examples that count on settings of the installation, as their comments say. */
const CONFIG: Readonly<Record<string, string>> = {
  'v1/taskruns/no-ci/default-workspaces.yaml': join(ROOT, 'examples/config/default-workspace.yaml'),
}

/**
 * Programs of images that a test machine lacks, and that would need a network: one of the examples asks a registry for a
 * digest to have some output. `crane` there prints a digest of its own; what the example shows, streams in files, is real.
 */
const STAND_INS = join(import.meta.dirname, 'tekton-examples-bin')

const files = filesIn(EXAMPLES, '.yaml')
const recordings = new Set(filesIn(RECORDINGS, '.json').map(file => file.replace(/\.json$/, '.yaml')))
const comparison = createComparison(KNOWN_DIFFERENCES)

function filesIn(folder: string, extension: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(extension))
    .sort()
}

test('all 81 examples are there, and the recordings of 58 of them', () => {
  expect(files).toHaveLength(81)
  expect([...recordings].filter(file => files.includes(file))).toHaveLength(58)
})

test('the list of those that do not succeed names only examples', () => {
  expect(Object.keys(FAILING).filter(file => !files.includes(file))).toEqual([])
})

describe.concurrent('tektite run', () => {
  test.for(files)('%s', { timeout: 120_000 }, async file => {
    const config = CONFIG[file] === undefined ? [] : ['--config', CONFIG[file]]
    const env = { PATH: `${process.env['PATH']}:${STAND_INS}` }
    const args = ['run', '-f', join(EXAMPLES, file), '-o', 'json', '--timeout', '90s', ...config]
    const { code, stdout, stderr } = await tektite(args, { env })
    if (FAILING[file] !== undefined) {
      expect(code, `${file} succeeds now; take it off the list`).not.toBe(0)
      return
    }
    expect(code, stderr).toBe(0)
    if (!recordings.has(file)) return
    const recorded = JSON.parse(readFileSync(join(RECORDINGS, file.replace(/yaml$/, 'json')), 'utf8')) as Recording
    expect(comparison.unexpected(recorded, JSON.parse(stdout) as Recording)).toEqual([])
  })
})

test('26 results of 6 kB arrive, once the example of them writes to the files it means', async () => {
  const folder = temporaryDirectory('compressed-results')
  const written = readFileSync(join(EXAMPLES, 'v1/pipelineruns/no-ci/compressed-results-pipeline.yaml'), 'utf8')
  const meant = written.replace('$(results.digest-${i}.path)', '/tekton/results/digest-${i}')
  expect(meant).not.toBe(written)
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, meant)
  const { code, stdout, stderr } = await tektite(['run', '-f', file, '-o', 'json', '--timeout', '90s'])
  expect(code, stderr).toBe(0)
  const { items } = JSON.parse(stdout) as Recording
  const build = items.find(item => item.metadata.name.endsWith('-build')) as TaskRun | undefined
  expect(build?.status?.results).toHaveLength(26)
})

test('every known difference from the recordings is one that was seen', () => {
  expect(comparison.unseen()).toEqual([])
})
