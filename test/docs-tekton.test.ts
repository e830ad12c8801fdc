/** docs/tekton.md is complete: one row for every field of our Tekton types, and no row for a field that is not there. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const PAGE = readFileSync(new URL('../docs/tekton.md', import.meta.url), 'utf8')
const TYPES = ['tekton', 'triggers']
  .map(file => readFileSync(new URL(`../src/resources/${file}.ts`, import.meta.url), 'utf8'))
  .join('\n')
const VERDICTS = ['works', 'differs', 'not yet']

interface Row {
  readonly field: string
  readonly verdict: string
  readonly note: string
}

/** The fields of each interface, those picked from a Pod's spec among them; not those of an inner object. */
function fieldsOfTypes(): ReadonlyMap<string, readonly string[]> {
  const found = TYPES.matchAll(/^export interface (\w+)([^{]*)\{\n([\s\S]*?)\n\}$/gm)
  return new Map(
    [...found].map(([, name = '', bases = '', body = '']) => [
      name,
      [...bases.matchAll(/\| '(\w+)'/g), ...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field),
    ]),
  )
}

/** The rows under each `#### \`Type\`` of the page. */
function rowsOfPage(): ReadonlyMap<string, readonly Row[]> {
  const sections = PAGE.split(/^#### /m).slice(1)
  return new Map(
    sections.map(section => {
      const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]*?) \| (.*?) ?\|$/gm)]
      return [
        /^`(\w+)`/.exec(section)?.[1] ?? '',
        rows.map(([, field = '', verdict = '', note = '']) => ({ field, verdict, note })),
      ]
    }),
  )
}

const types = fieldsOfTypes()
const rows = rowsOfPage()

test('the types are found as they are written', () => {
  expect(types.size).toBeGreaterThan(30)
  expect(types.get('Step')).toContain('onError')
  expect(types.get('PodTemplate')).toContain('tolerations')
  expect(types.get('EventListenerSpec')).toContain('cloudEventURI')
})

test.each([...types])('%s stands on the page, field by field', (name, fields) => {
  expect(rows.get(name)?.map(row => row.field)).toEqual(fields)
})

test('the page has no type that is not there', () => {
  expect([...rows.keys()].filter(name => !types.has(name))).toEqual([])
})

test('each row says whether it works; what differs or is missing says how', () => {
  const all = [...rows].flatMap(([type, fields]) => fields.map(row => ({ name: `${type}.${row.field}`, ...row })))
  expect(all.filter(({ verdict }) => !VERDICTS.includes(verdict))).toEqual([])
  expect(all.filter(({ verdict, note }) => verdict !== 'works' && note === '')).toEqual([])
})

test('every other table of the page has a verdict in its rows too', () => {
  const features = [
    ...PAGE.split(/^## Fields/m)[0]!.matchAll(/^\| (?!feature|---|$)([^|]+?) \| ([^|]*?) \| (.*?) ?\|$/gm),
  ]
  expect(features.length).toBeGreaterThan(20)
  expect(features.filter(([, , verdict = '']) => !VERDICTS.includes(verdict)).map(([row]) => row)).toEqual([])
})
