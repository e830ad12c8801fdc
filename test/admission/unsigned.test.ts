/** A git host's interceptor that looks at no signature is taken, with a warning where it stands. */
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { cases } from '../helpers/cases.js'

const SECRET = '[{name: secretRef, value: {secretName: s, secretKey: k}}]'

function warningsOf(kind: string, spec: string) {
  const text = `apiVersion: triggers.tekton.dev/v1beta1\nkind: ${kind}\nmetadata: { name: a }\nspec: ${spec}\n`
  const answer = admitManifests([{ file: 'a.yaml', text }])
  if (answer.is === 'refused') throw new Error(JSON.stringify(answer.problems))
  return answer.warnings.map(({ message, paths, hint }) => [message, paths[0], hint])
}

const HINT = 'add the param secretRef, and enter the value of that Secret in the webhook at the git host'
const warning = (name: string, path: string) => [
  `anybody may send this event: the interceptor ${name} has no secretRef, so no signature is looked at`,
  path,
  HINT,
]

test.each(
  cases<{ readonly chain: string; readonly warned?: readonly (readonly [string, number])[] }>({
    'no secretRef': { chain: '[{ref: {name: github}}]', warned: [['github', 0]] },
    'a secretRef': { chain: `[{ref: {name: github}, params: ${SECRET}}]` },
    'another interceptor of the chain has one': {
      chain: `[{ref: {name: gitlab}, params: ${SECRET}}, {ref: {name: gitlab}}]`,
    },
    'a comparison in CEL': {
      chain: `[{ref: {name: gitea}}, {ref: {name: cel}, params: [{name: filter, value: "header.canonical('X').compareSecret('k', 's')"}]}]`,
    },
    'two of them': {
      chain: '[{ref: {name: cel}}, {ref: {name: bitbucket}}, {ref: {name: gitlab}}]',
      warned: [
        ['bitbucket', 1],
        ['gitlab', 2],
      ],
    },
    'no interceptor of a git host': { chain: '[{ref: {name: cel}}, {ref: {name: mine}}]' },
    'none at all': { chain: '[]' },
  }),
)('%s', (_, { chain, warned = [] }) => {
  expect(warningsOf('Trigger', `{interceptors: ${chain}, template: {ref: t}}`)).toEqual(
    warned.map(([name, index]) => warning(name, `spec.interceptors[${index}]`)),
  )
  expect(warningsOf('EventListener', `{triggers: [{interceptors: ${chain}, template: {ref: t}}]}`)).toEqual(
    warned.map(([name, index]) => warning(name, `spec.triggers[0].interceptors[${index}]`)),
  )
})

test('the interceptors of a group', () => {
  const group = '{name: g, interceptors: [{ref: {name: github}}], triggerSelector: {labelSelector: {}}}'
  expect(warningsOf('EventListener', `{triggerGroups: [${group}]}`)).toEqual([
    warning('github', 'spec.triggerGroups[0].interceptors[0]'),
  ])
})
