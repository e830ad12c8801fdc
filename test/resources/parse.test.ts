import { expect, test } from 'vitest'
import { parseManifests, toYaml } from '../../src/resources/parse.js'
import { parse11 } from './yaml-text.js'

function objectsOf(text: string) {
  const parsed = parseManifests(text, 'f.yaml')
  if (parsed.is === 'refused') throw new Error(parsed.problems.map(one => one.message).join('\n'))
  return parsed.objects
}

test('documents are what stands between the marks; empty ones and comments are none', () => {
  const text = '# a comment\n---\n\n---\na: 1\n--- # second\nb: |\n  --- text\n---\n# end\n...\n'
  const objects = objectsOf(text)
  expect(objects.map(one => one.value)).toEqual([{ a: 1 }, { b: '--- text\n' }])
  expect(objects.map(one => one.line)).toEqual([5, 7])
})

test('an empty file has no objects', () => {
  expect(objectsOf('')).toEqual([])
  expect(objectsOf('\n# nothing\n')).toEqual([])
})

test('JSON and Windows line ends are read like any YAML', () => {
  expect(objectsOf('{"a": {"b": [1, true]}}').map(one => one.value)).toEqual([{ a: { b: [1, true] } }])
  expect(objectsOf('\uFEFFa: 1\r\n---\r\nb: 2\r\n').map(one => one.value)).toEqual([{ a: 1 }, { b: 2 }])
})

test('a List stands for its items, and their lines are found', () => {
  const [first, second] = objectsOf(
    'kind: TaskList\nitems:\n  - a: 1\n  - kind: List\n    items:\n      - b:\n          c: 2\n',
  )
  expect([first?.value, second?.value]).toEqual([{ a: 1 }, { b: { c: 2 } }])
  expect([first?.line, second?.lineOf('b.c')]).toEqual([3, 7])
})

test('paths lead to lines, by index, by name, in any case, and as far as they exist', () => {
  const text = 'spec:\n  params:\n    - name: a\n    - name: b\n      value: x\n  steps:\n    - image: i\n'
  const [object] = objectsOf(text)
  expect(object?.lineOf('spec.params[1].value')).toBe(5)
  expect(object?.lineOf('spec.params[b].value')).toBe(5)
  expect(object?.lineOf('spec.steps[0].Image')).toBe(7)
  expect(object?.lineOf('spec.steps[0].script')).toBe(7)
  expect(object?.lineOf('spec.finally[3]')).toBe(1)
  expect(object?.lineOf('')).toBe(1)
})

test('one bad document does not hide the next', () => {
  const parsed = parseManifests('a: [\n---\nb: 1\n---\nc: {\n', 'f.yaml')
  expect(parsed.is === 'refused' && parsed.problems.map(one => one.line)).toEqual([2, 6])
})

test('what is written as YAML is read back as it was', () => {
  const value = {
    a: 'yes',
    b: '0777',
    c: '1:30',
    d: ['on', true, null],
    e: 'line\nline\n',
    f: '~',
    g: '1e3',
    h: { on: 1 },
  }
  expect(parse11(toYaml(value))).toEqual(value)
})
