/** `--param`, `--params-file` and `--workspace` as values. */
import { expect, test } from 'vitest'
import { paramsOfFile, paramValues } from '../../src/cli/start/params.js'
import { parseWorkspace } from '../../src/cli/start/workspaces.js'
import type { ParamSpec } from '../../src/resources/tekton.js'

const SPECS: readonly ParamSpec[] = [
  { name: 'text' },
  { name: 'list', type: 'array' },
  { name: 'map', type: 'object', properties: { a: {}, b: {} } },
]
const value = (name: string, ...texts: readonly string[]) =>
  paramValues(
    SPECS,
    texts.map(text => ({ name, value: text })),
  )[0]?.value

test.each([
  ['a text stays as it is', 'text', ['a,b: [c]'], 'a,b: [c]'],
  ['of several texts the last counts', 'text', ['a', 'b'], 'b'],
  ['a list with commas', 'list', ['a, b,c'], ['a', 'b', 'c']],
  ['a list piece by piece', 'list', ['a,b', 'c'], ['a,b', 'c']],
  ['a list as JSON', 'list', ['["a,b", 1]'], ['a,b', '1']],
  ['an empty list', 'list', [''], []],
  ['what begins like JSON and is none', 'list', ['[a'], ['[a']],
  ['an object', 'map', ['a:1, b: x:y'], { a: '1', b: 'x:y' }],
  ['an object as JSON', 'map', ['{"a": "1,2", "b": true}'], { a: '1,2', b: 'true' }],
  ['a param that nobody declared', 'other', ['a,b'], 'a,b'],
])('%s', (_, name, texts, expected) => {
  expect(value(name, ...texts)).toEqual(expected)
})

test('an object without keys is refused with an example', () => {
  expect(() => value('map', 'plain')).toThrow(
    `param "map" is an object, and "plain" is no key:value: write --param 'map=key1:value1, key2:value2', or JSON`,
  )
})

test('a params file has values of all types; a scalar becomes its text', () => {
  expect(paramsOfFile('p.yaml', { text: 1, list: ['a', 2], map: { a: true } })).toEqual([
    { name: 'text', value: '1' },
    { name: 'list', value: ['a', '2'] },
    { name: 'map', value: { a: 'true' } },
  ])
  expect(() => paramsOfFile('p.yaml', ['a'])).toThrow('p.yaml is no map of param names to values')
})

test.each([
  ['name=s,claimName=c,subPath=d', { subPath: 'd', persistentVolumeClaim: { claimName: 'c' } }],
  ['name=s,emptyDir=', { emptyDir: {} }],
  ['name=s,emptyDir=Memory', { emptyDir: { medium: 'Memory' } }],
  [
    'name=s,config=c,item=k=p,item=l=q',
    {
      configMap: {
        name: 'c',
        items: [
          { key: 'k', path: 'p' },
          { key: 'l', path: 'q' },
        ],
      },
    },
  ],
  ['name=s,secret=x', { secret: { secretName: 'x' } }],
])('workspace %s', (text, binding) => {
  expect(parseWorkspace(text)).toEqual({ is: 'bound', binding: { name: 's', ...binding } })
})

test.each([
  ['claimName=c', /it has no name/],
  ['name=s', /workspace "s" needs one thing to be bound to/],
  ['name=s,claimName=c,secret=x', /needs one thing/],
  ['name=s,claimName=', /claimName is empty/],
  ['name=s,claim=c', /"claim" is no part of a workspace/],
  ['name=s,config=c,item=k', /item=k is no KEY=PATH/],
])('workspace %s is refused', (text, message) => {
  expect(() => parseWorkspace(text)).toThrow(message)
})
