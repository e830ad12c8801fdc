import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  expressionsIn,
  expressionsInValue,
  mergeReplacements,
  type Replacements,
  replaceList,
  replaceString,
  replaceValue,
  stringReplacements,
} from '../../src/run/substitute.js'
import { cases } from '../helpers/cases.js'

const known: Replacements = {
  strings: new Map([
    ['params.who', 'world'],
    ['params.empty', ''],
    ["params['dotted.name']", 'dotted'],
    ['params.list[0]', 'first'],
    ['params.map.key', 'inner'],
    ['params.nested', '$(params.who)'],
    ['params.dollar', '$'],
    ['params.open', '$(params.'],
    ['params.regex', '$& $1 $$ $`'],
  ]),
  arrays: new Map([
    ['params.list', ['first', 'second']],
    ['params.list[*]', ['first', 'second']],
    ['params.none[*]', []],
    ['params.tricky[*]', ['$(params.who)', '$(params.list[*])']],
  ]),
  objects: new Map([
    ['params.map', { key: 'inner' }],
    ['params.map[*]', { key: 'inner' }],
  ]),
}

test.each(
  cases({
    'a known name': { text: 'hello $(params.who)!', out: 'hello world!' },
    'twice and side by side': { text: '$(params.who)$(params.who)', out: 'worldworld' },
    'an empty value': { text: '[$(params.empty)]', out: '[]' },
    'the spelling for dotted names': { text: "$(params['dotted.name'])", out: 'dotted' },
    'an element': { text: '$(params.list[0])', out: 'first' },
    'a key': { text: '$(params.map.key)', out: 'inner' },
    'an unknown name stays': { text: '$(params.nobody)', out: '$(params.nobody)' },
    'shell stays': { text: 'echo $(date) ${HOME} $((1 + 2))', out: 'echo $(date) ${HOME} $((1 + 2))' },
    'Kubernetes variables stay': { text: '$(HOME)', out: '$(HOME)' },
    'an escaped one stays': { text: '$$(params.who)', out: '$$(params.who)' },
    'an escaped one stays, the next one does not': {
      text: '$$(params.who) $(params.who)',
      out: '$$(params.who) world',
    },
    'an open end stays': { text: 'a $(params.who', out: 'a $(params.who' },
    'an inner one is found in an unknown outer one': { text: '$(echo $(params.who))', out: '$(echo world)' },
    'blanks count': { text: '$( params.who )', out: '$( params.who )' },
    'a value that is an expression is not looked at again': { text: '$(params.nested)', out: '$(params.who)' },
    'values do not join into an expression': { text: '$(params.dollar)(params.who)', out: '$(params.who)' },
    'a value does not open an expression': { text: '$(params.open)who)', out: '$(params.who)' },
    'what means something to a regular expression does not here': { text: '$(params.regex)', out: '$& $1 $$ $`' },
    'an array has no text': { text: 'x $(params.list[*])', out: 'x $(params.list[*])' },
  }),
)('in a text: %s', (_, { text, out }) => expect(replaceString(text, known)).toBe(out))

test.each(
  cases<{ list: readonly string[]; out: readonly string[] }>({
    'texts are replaced one by one': { list: ['-v', '$(params.who)'], out: ['-v', 'world'] },
    'a whole array becomes its elements': { list: ['a', '$(params.list[*])', 'b'], out: ['a', 'first', 'second', 'b'] },
    'also without the star': { list: ['$(params.list)'], out: ['first', 'second'] },
    'an empty array leaves nothing': { list: ['a', '$(params.none[*])'], out: ['a'] },
    'an array inside a text stays': { list: ['x$(params.list[*])'], out: ['x$(params.list[*])'] },
    'elements are not looked at again': {
      list: ['$(params.tricky[*])'],
      out: ['$(params.who)', '$(params.list[*])'],
    },
  }),
)('in a list: %s', (_, { list, out }) => expect(replaceList(list, known)).toEqual(out))

test('a value that is one whole expression takes its type, anything else keeps its own', () => {
  expect(replaceValue('$(params.list[*])', known)).toEqual(['first', 'second'])
  expect(replaceValue('$(params.map[*])', known)).toEqual({ key: 'inner' })
  expect(replaceValue('$(params.who)', known)).toBe('world')
  expect(replaceValue('a $(params.map[*])', known)).toBe('a $(params.map[*])')
  expect(replaceValue(['$(params.list[*])', 'c'], known)).toEqual(['first', 'second', 'c'])
  expect(replaceValue({ a: '$(params.who)', '$(params.who)': 'b' }, known)).toEqual({
    a: 'world',
    '$(params.who)': 'b',
  })
})

test('of two that know the same name the later one wins', () => {
  const merged = mergeReplacements(stringReplacements({ a: '1', b: '1' }), stringReplacements({ b: '2' }))
  expect(replaceString('$(a)$(b)', merged)).toBe('12')
})

test('the expressions of a value are found wherever they stand, escaped ones are none', () => {
  expect(expressionsIn('$(a) $$(b) $(c.d[0]) $(e')).toEqual(['a', 'c.d[0]'])
  expect(expressionsInValue(['$(a)', 'x'])).toEqual(['a'])
  expect(expressionsInValue({ k: '$(b) $(c)' })).toEqual(['b', 'c'])
})

/** A text in pieces, so that the expected outcome is known without a second implementation. */
const NAMES = ['params.a', 'params.b', 'context.run.name', "params['x.y']"]
const values = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(fc.string(), fc.constant('$(params.a)')), {
  minKeys: 1,
})
const plain = fc.string().filter(text => !/\$|\(/.test(text))
const pieces = fc.array(
  fc.oneof(
    fc.record({ is: fc.constant('plain' as const), text: plain }),
    fc.record({ is: fc.constant('known' as const), text: fc.constantFrom(...NAMES) }),
    fc.record({ is: fc.constant('unknown' as const), text: fc.constantFrom('date', 'params.z', 'params.a ', '') }),
    fc.record({ is: fc.constant('escaped' as const), text: fc.constantFrom(...NAMES) }),
  ),
)

function written({ is, text }: { readonly is: string; readonly text: string }): string {
  if (is === 'plain') return text
  return is === 'escaped' ? `$$(${text})` : `$(${text})`
}

test('known names are replaced, every other byte stays, and no value is read again', () => {
  fc.assert(
    fc.property(values, pieces, (strings, parts) => {
      const text = parts.map(written).join('')
      const expected = parts
        .map(part => (part.is === 'known' && Object.hasOwn(strings, part.text) ? strings[part.text] : written(part)))
        .join('')
      expect(replaceString(text, stringReplacements(strings))).toBe(expected)
    }),
  )
})

test('no expression of a known name survives unless a value brought it', () => {
  const harmless = fc.dictionary(fc.constantFrom(...NAMES), plain, { minKeys: 1 })
  fc.assert(
    fc.property(
      harmless,
      fc.string({ unit: fc.constantFrom('$', '(', ')', 'params.a', 'x', ' ') }),
      (strings, text) => {
        const left = expressionsIn(replaceString(text, stringReplacements(strings)))
        expect(left.filter(name => Object.hasOwn(strings, name))).toEqual([])
      },
    ),
  )
})

test('a megabyte of opened expressions is read once', () => {
  const text = '$('.repeat(500_000)
  expect(replaceString(text, known)).toBe(text)
})
