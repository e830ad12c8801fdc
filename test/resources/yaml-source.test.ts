/** YAML as Kubernetes reads it: the 1.1 traps included, the ones go-yaml leaves out left out. */
import { expect, test } from 'vitest'
import { readYaml } from '../../src/resources/yaml-source.js'
import { parse11 } from './yaml-text.js'

test.each([
  ['yes', true],
  ['on', true],
  ['Off', false],
  ['n', false],
  ['true', true],
  ['oN', 'oN'],
  ['~', null],
  ['0777', 511],
  ['0o17', 15],
  ['0x1F', 31],
  ['-0b11', -3],
  ['08', 8],
  ['1_000', 1000],
  ['1:30', '1:30'],
  ['2026-01-02', '2026-01-02'],
  ['1e3', 1000],
  ['1e999', '1e999'],
  ['0o', '0o'],
  ['.', '.'],
  ['1.10', 1.1],
  ['"yes"', 'yes'],
  ['!!str 12', '12'],
  ['9007199254740993', 9007199254740993n],
  ['123456789012345678901234', Number('123456789012345678901234')],
  ['<<', '<<'],
])('%s', (text, value) => {
  expect(parse11(`a: ${text}`)).toEqual({ a: value })
})

test('merge keys and anchors are put in', () => {
  expect(parse11('x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3\n')).toEqual({ x: { a: 1, b: 2 }, z: { a: 1, b: 3 } })
})

test('keys that are no text become their text', () => {
  expect(parse11('on: 1\n5: 2\n')).toEqual({ true: 1, 5: 2 })
})

test('merges that would copy without end are refused before they do', () => {
  const pairs = Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`)
  const merges = Array.from({ length: 400 }, () => '- {<<: *all}')
  const text = `all: &all {${pairs.join(', ')}}\nlist:\n${merges.join('\n')}\n`
  expect(readYaml(text, 1)).toMatchObject({ is: 'refused', message: expect.stringContaining('excessive merging') })
})
