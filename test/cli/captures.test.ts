/**
 * Lists and descriptions as captured text, at 80 and at 160 columns: `captures/*.txt`, rewritten by UPDATE_GOLDEN=1. The
 * objects are those of a real engine, kept; so that their times stand still.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ListQuery } from '../../src/cli/client/client.js'
import { describedAs } from '../../src/cli/describe/describe.js'
import { NOUNS } from '../../src/cli/nouns/nouns.js'
import { type AnyRun, newestFirst, newestOf, objectTable } from '../../src/cli/print/lists.js'
import { descriptionText } from '../../src/cli/print/sections.js'
import { createStyle } from '../../src/cli/print/style.js'
import type { AnyResource, Kind } from '../../src/resources/kinds.js'

const folder = new URL('captures/', import.meta.url)
const OBJECTS = JSON.parse(readFileSync(new URL('objects.json', folder), 'utf8')) as readonly AnyResource[]
/** Some minutes after the last of them. */
const NOW = Date.parse('2026-11-22T21:10:00Z')
const style = createStyle(false)

const ofKind = <T extends AnyResource>(kind: Kind) => OBJECTS.filter(object => object.kind === kind) as unknown as T[]
const named = (kind: Kind, name: string) =>
  OBJECTS.find(each => each.kind === kind && each.metadata.name === name) as AnyResource

/** As an API server finds them: what a label selector with `=` asks for. */
const client = {
  async list(kind: Kind, { labelSelector = '' }: ListQuery = {}) {
    const [label = '', value] = labelSelector.split('=')
    return ofKind(kind).filter(({ metadata }) => value === undefined || metadata.labels?.[label] === value) as never
  },
}

const lists: Readonly<Record<string, (width: number) => string>> = {
  'pipeline-list': width => {
    const runs = newestOf(ofKind<AnyRun>('PipelineRun'), 'tekton.dev/pipeline')
    const view = { now: NOW, style, width, headers: true, allNamespaces: false }
    return objectTable('Pipeline', ofKind('Pipeline'), view, runs)
  },
  ...Object.fromEntries(
    (['pipelinerun', 'taskrun', 'task', 'eventlistener', 'triggertemplate'] as const).map(name => [
      `${name}-list`,
      (width: number) => {
        const { kind } = NOUNS[name]
        const found = ofKind<AnyRun>(kind)
        const objects = name.endsWith('run') ? newestFirst(found) : found
        return objectTable(kind, objects, { now: NOW, style, width, headers: true, allNamespaces: true })
      },
    ]),
  ),
}

const described: readonly (readonly [Kind, string])[] = [
  ['PipelineRun', 'build-run-wb6wq'],
  ['PipelineRun', 'build-1'],
  ['PipelineRun', 'broken-1'],
  ['TaskRun', 'broken-1-fails'],
  ['Pipeline', 'build'],
  ['Task', 'greet'],
  ['EventListener', 'app'],
  ['TriggerTemplate', 'hello'],
  ['Schedule', 'nightly'],
]

function compare(file: string, text: string): void {
  const url = new URL(`${file}.txt`, folder)
  if (process.env['UPDATE_GOLDEN'] || !existsSync(url)) writeFileSync(url, text)
  expect(text).toBe(readFileSync(url, 'utf8'))
}

const longest = (text: string) => Math.max(...text.split('\n').map(line => [...line].length))

test.each([80, 160])('lists fit %s columns', width => {
  for (const [name, capture] of Object.entries(lists)) {
    const text = capture(width)
    expect([name, longest(text) <= width]).toEqual([name, true])
    compare(`${name}-${width}`, text)
  }
})

test.each([80, 160])('tables of descriptions fit %s columns', async width => {
  for (const [kind, name] of described) {
    const text = descriptionText(await describedAs(client, named(kind, name), { now: NOW, style }), { style, width })
    const rows = text.split('\n').filter(line => line.startsWith(' '))
    expect([name, longest(rows.filter(row => !row.includes('=')).join('\n')) <= width]).toEqual([name, true])
    compare(`${kind.toLowerCase()}-${name}-${width}`, text)
  }
})

test('without a terminal nothing is cut', () => {
  const view = { now: NOW, style, headers: true, allNamespaces: false }
  expect(objectTable('Task', ofKind('Task'), view)).toContain('in a way that one can choose among several.')
})

test('hostile text is shown, not obeyed', async () => {
  const name = 'a\u001b[2J\u0007\nb'
  const run = {
    ...named('TaskRun', 'broken-1-fails'),
    metadata: { ...named('TaskRun', 'broken-1-fails').metadata, name },
  }
  const { status } = run as AnyRun
  const conditions = [
    { type: 'Succeeded', status: 'False', reason: 'x\u009b31m', message: '\u001b]0;title\u0007gone\rover' },
  ]
  const hostile = { ...run, status: { ...status, conditions } } as unknown as AnyRun
  const view = { now: NOW, style, headers: true, allNamespaces: true }
  const texts = [
    objectTable('TaskRun', [hostile], view),
    descriptionText(await describedAs(client, hostile, { now: NOW, style }), { style }),
  ]
  for (const text of texts) {
    expect(text).toContain('a\\x1b[2J\\x07 b')
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  }
})
