import { expect, test } from 'vitest'
import { defaultCommand, defaultCommandProblem } from '../../src/pod/default-commands.js'
import { cases } from '../helpers/cases.js'

test.each(
  cases<{
    readonly image: string
    readonly args?: readonly string[]
    readonly expected: readonly string[] | undefined
  }>({
    'no args: the image’s command': { image: 'busybox', expected: ['sh'] },
    'args replace the command where there is no entrypoint': {
      image: 'alpine:3',
      args: ['ls', '-l'],
      expected: ['ls', '-l'],
    },
    'bash takes flags': { image: 'docker.io/library/bash@sha256:e3', args: ['-c', 'x'], expected: ['bash', '-c', 'x'] },
    'bash steps aside for a program': { image: 'bash:5.2', args: ['echo'], expected: ['echo'] },
    'bash alone': { image: 'mirror.gcr.io/bash', expected: ['bash'] },
    'a registry with a port': { image: 'registry:5000/team/ubuntu', args: ['a'], expected: ['a'] },
    'an image that is a program gets all args': {
      image: 'gcr.io/go-containerregistry/crane',
      args: ['digest', 'x'],
      expected: ['crane', 'digest', 'x'],
    },
    'and without args runs it': { image: 'alpine/git:2', expected: ['git'] },
    'a tag is not a name': { image: 'example.com/odd:bash', expected: undefined },
    'an image we do not know': { image: 'registry:5000/team/odd', expected: undefined },
    'a name that is a prefix only': { image: 'busybox-extra', expected: undefined },
  }),
)('default command: %s', (_, { image, args = [], expected }) => {
  expect(defaultCommand(image, args)).toEqual(expected)
})

test('what the author can do is said with the image and the step', () => {
  const problem = defaultCommandProblem('build', 'example.com/odd:1')
  expect(problem).toContain('step "build"')
  expect(problem).toContain('image "example.com/odd:1"')
  expect(problem).toContain('set "command" or "script" in the step')
})
