import { expect, test } from 'vitest'
import type { Artifacts } from '../../src/resources/tekton.js'
import { artifactsOf, artifactValuesJson, mergeArtifacts } from '../../src/status/artifacts.js'
import { ENTRY_TYPE } from '../../src/status/termination-message.js'
import { cases } from '../helpers/cases.js'
import { frozen } from '../helpers/frozen.js'

const said = (value: string) => [{ key: 'anything', value, type: ENTRY_TYPE.stepArtifacts }]

test.each(
  cases<{ text: string; is: Artifacts }>({
    'what is known is kept, in and out': {
      text: '{"inputs":[{"name":"a","values":[{"uri":"u","digest":{"sha1":"1"}}]}],"outputs":[{"name":"b","buildOutput":true}],"x":1}',
      is: {
        inputs: [{ name: 'a', values: [{ uri: 'u', digest: { sha1: '1' } }] }],
        outputs: [{ name: 'b', buildOutput: true }],
      },
    },
    'what is of another type is not there': {
      text: '{"inputs":[1,null,{"name":2,"values":[{"uri":3,"digest":["x"]},"y"]}],"outputs":{"name":"a"}}',
      is: { inputs: [{ values: [{}] }] },
    },
    'no JSON': { text: 'inputs', is: {} },
    'no object': { text: '[{"inputs":[]}]', is: {} },
    'nothing in it': { text: '{"inputs":[],"outputs":null}', is: {} },
  }),
)('artifacts are read: %s', (_, { text, is }) => {
  expect(artifactsOf(said(text), ENTRY_TYPE.stepArtifacts)).toEqual(is)
  expect(artifactsOf(said(text), ENTRY_TYPE.taskArtifacts)).toEqual({})
})

test('merging puts the values of one name together, each once; a build output stays one', () => {
  const one = { uri: 'one', digest: { b: '2', a: '1' } }
  const sameOne = { digest: { a: '1', b: '2' }, uri: 'one' }
  const merged = mergeArtifacts(
    frozen([
      { inputs: [{ name: 'x', values: [one], buildOutput: true }], outputs: [{ name: 'y', values: [one] }] },
      {},
      { outputs: [{ name: 'y', values: [sameOne, { uri: 'two' }], buildOutput: true }, { name: 'z' }] },
      { inputs: [{ name: 'x', values: [{ uri: 'three' }] }], outputs: [{ name: 'y' }] },
    ]),
  )
  expect(merged).toEqual({
    inputs: [{ name: 'x', values: [one, { uri: 'three' }] }],
    outputs: [{ name: 'y', values: [one, { uri: 'two' }], buildOutput: true }, { name: 'z' }],
  })
})

test('nothing merged is nothing', () => {
  expect(mergeArtifacts([{}, {}])).toEqual({})
})

test('values are written as Go writes them', () => {
  const values = [{ uri: 'https://x?a=1&b=<2>', digest: { sha256: 'f', sha1: 'e' } }, {}]
  expect(artifactValuesJson({ values })).toBe(
    '[{"digest":{"sha1":"e","sha256":"f"},"uri":"https://x?a=1\\u0026b=\\u003c2\\u003e"},{}]',
  )
  expect(artifactValuesJson({})).toBe('null')
})
