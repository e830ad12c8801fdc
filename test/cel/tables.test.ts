/** The tables of what expressions give: Triggers' own examples, what every CEL has, cel-go's extensions. */
import { describe, expect, test } from 'vitest'
import { CelProblem } from '../../src/cel/problem.js'
import { TRIGGER_CEL } from '../../src/trigger/interceptors/cel.js'
import { frozen } from '../helpers/frozen.js'
import { yamlCases } from '../helpers/yaml.js'

interface Group {
  /** Expression → result; `~`: refused, because its types are known and do not go together. */
  readonly is?: Readonly<Record<string, unknown>>
  /** Expression → how the message ends; `~`: fails in whatever words. */
  readonly fails?: Readonly<Record<string, string | null>>
}

/** As in Triggers' own test of its expressions, with what its documentation adds. */
const GIVEN = {
  values: frozen({
    body: {
      value: 'testing',
      name: 'testing',
      sha: 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
      ref: 'refs/heads/master',
      count: 2,
      measure: 1.7,
      pull_request: { commits: 2 },
      upperMsg: 'THIS IS LOWER CASE',
      mixed: 'This is $an Invalid5String',
      b64value: 'ZXhhbXBsZQ==',
      json_body: '{"testing": "value", "number": 2}',
      yaml_body: 'key1: value1\nkey2: value2\nkey3: value3\n',
      testURL: 'https://user:password@site.example.com/path/to?query=search#first',
      multiURL: 'https://user:password@site.example.com/path/to?query=search&query=results',
      jsonObject: { string: 'value', integer: 2 },
      jsonArray: ['one', 'two'],
      jsonObjects: [{ testing1: { testing: ['test1', 'test2'] } }],
      numbers: [1, 2, 3, 4, 5],
      emptyList: [],
      labels: [{ name: 'test-a' }, { name: 'test-b' }],
      event: [{ testing: 'value' }, { testing: 'another' }],
    },
    header: { 'X-Test-Header': ['value'] },
    requestURL: '/testing?param=value',
    extensions: { sha: '0abc' },
  }),
  equalsSecret: (text: string, key: string, name: string) => {
    if (name !== 'test-secret' || key !== 'token') throw new CelProblem(`failed to find secret ${name}`)
    return text === 'secrettoken'
  },
}

describe.each(['triggers', 'standard', 'extensions'])('%s', file => {
  describe.each(yamlCases<Group>(new URL(`${file}.cases.yaml`, import.meta.url)))(
    '%s',
    (_, { is = {}, fails = {} }) => {
      test.each(Object.entries({ '': undefined, ...is }).slice(1))('%s', (expression, expected) => {
        const result = TRIGGER_CEL.evaluate(expression, GIVEN)
        if (expected === null) expect(result).toHaveProperty('message', expect.stringContaining('no matching overload'))
        else expect(result).toEqual({ is: 'json', value: expected })
      })
      test.each(Object.entries({ '': undefined, ...fails }).slice(1))('fails: %s', (expression, expected) => {
        const result = TRIGGER_CEL.evaluate(expression, GIVEN)
        const message = result.is === 'error' ? result.message : JSON.stringify(result)
        expect(result.is).toBe('error')
        expect(message.endsWith(expected ?? ''), message).toBe(true)
      })
    },
  )
})
