import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesLabels, parseLabelSelector, requiredLabels } from '../../../src/api/selectors/labels.js'
import { ApiError } from '../../../src/api/status.js'

test.each<[selector: string, matching: object[], others: object[]]>([
  ['', [{}, { a: 'b' }], []],
  ['a=b', [{ a: 'b' }, { a: 'b', c: 'd' }], [{}, { a: 'c' }, { b: 'b' }]],
  ['a==b,c!=d', [{ a: 'b' }, { a: 'b', c: 'e' }], [{ a: 'b', c: 'd' }, { c: 'e' }]],
  ['a', [{ a: '' }, { a: 'b' }], [{}, { b: 'a' }]],
  ['!a', [{}, { b: '' }], [{ a: '' }]],
  ['a in (b, c)', [{ a: 'b' }, { a: 'c' }], [{}, { a: 'd' }]],
  ['a notin (b,c)', [{}, { a: 'd' }], [{ a: 'b' }, { a: 'c' }]],
  ['a in (b),!c, d', [{ a: 'b', d: '' }], [{ a: 'b' }, { a: 'b', c: '', d: '' }]],
  [' a  =  b ', [{ a: 'b' }], [{}]],
  ['a=', [{ a: '' }], [{}, { a: 'b' }]],
  ['a=,b', [{ a: '', b: '' }], [{ a: '' }]],
  ['a in ()', [{ a: '' }], [{}, { a: 'b' }]],
  ['a in (,b)', [{ a: '' }, { a: 'b' }], [{ a: 'c' }]],
  ['in in (in,notin)', [{ in: 'notin' }], [{ in: 'x' }]],
  ['notin', [{ notin: '' }], [{}]],
  ['n>5', [{ n: '6' }, { n: '12345678901234567890'.slice(0, 19) }], [{}, { n: '5' }, { n: 'x' }]],
  ['n<5', [{ n: '4' }, { n: '-1' }], [{ n: '5' }, { n: '' }]],
  ['tekton.dev/pipelineRun=r', [{ 'tekton.dev/pipelineRun': 'r' }], [{}]],
  ['!toString', [{}], [{ toString: '' }]],
  ['__proto__', [], [{}]],
])('%j selects by labels as Kubernetes does', (text, matching, others) => {
  // A hostile key is refused as a key, or found as nothing but a key.
  if (text === '__proto__') return void expect(() => parseLabelSelector(text)).toThrow(ApiError)
  const selector = parseLabelSelector(text)
  for (const labels of matching) expect([labels, matchesLabels(selector, labels as never)]).toEqual([labels, true])
  for (const labels of others) expect([labels, matchesLabels(selector, labels as never)]).toEqual([labels, false])
})

const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

test.each([
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a=b c', "found 'c', expected: ',' or 'end of string'"],
  ['a,', "found '', expected: identifier after ','"],
  [',a', "found ',', expected: !, identifier, or 'end of string'"],
  ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['a==(b)', "unable to parse requirement: found '(', expected: identifier"],
  ['-a', `unable to parse requirement: <nil>: Invalid value: "-a": ${NAME_PART}`],
  ['/a', 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'],
  ['a=-b', `unable to parse requirement: values[0][a]: Invalid value: "-b": ${LABEL_VALUE}`],
  [
    `a=${'b'.repeat(64)}`,
    `unable to parse requirement: values[0][a]: Invalid value: "${'b'.repeat(64)}": must be no more than 63 bytes`,
  ],
  [
    'a>b',
    `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
])('%j is refused in Kubernetes’ words', (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 400, message }))
})

test('labels that are required are those that whatever is selected has', () => {
  expect(requiredLabels(parseLabelSelector('a=b,c!=d,e in (f),g in (h,i),j'))).toEqual({ a: 'b', e: 'f' })
})

test('whatever comes as a selector is taken or refused, and soon', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab=!,()<> inot/-\\"\u0000'), maxLength: 60 }), text => {
      try {
        matchesLabels(parseLabelSelector(text), { a: 'b' })
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
    }),
  )
})
