import { expect, test } from 'vitest'
import { createStyle } from '../../src/cli/print/style.js'
import { unfinishedLines } from '../../src/cli/print/unfinished.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

test.each(
  cases<{ readonly rest: string; readonly says: readonly string[] }>({
    'what it waits for': {
      rest: '{ spec: {}, status: { conditions: [{ type: Succeeded, status: Unknown, reason: Pending, message: no claim }] } }',
      says: ['TaskRun one  Pending: no claim\n'],
    },
    'nothing more is known': {
      rest: '{ spec: {}, status: { conditions: [{ type: Succeeded, status: Unknown, reason: Started }] } }',
      says: ['TaskRun one  Started\n'],
    },
    'nobody has looked at it': { rest: '{ spec: {} }', says: ['TaskRun one  not begun\n'] },
    'it is somebody else\u2019s': {
      rest: '{ spec: { managedBy: theirs.example/x } }',
      says: ['TaskRun one  left to theirs.example/x, as managedBy says\n'],
    },
    'a message that would steer the terminal': {
      rest: '{ spec: {}, status: { conditions: [{ type: Succeeded, status: Unknown, reason: P, message: "\\e[2J" }] } }',
      says: ['TaskRun one  P: \\x1b[2J\n'],
    },
    'it has ended': { rest: '{ spec: {}, status: { conditions: [{ type: Succeeded, status: "False" }] } }', says: [] },
  }),
)('a run that has not ended: %s', (_, { rest, says }) => {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'one' },
    ...yaml<object>(rest),
  } as TaskRun
  expect(unfinishedLines([run], createStyle(false))).toEqual(says)
})
