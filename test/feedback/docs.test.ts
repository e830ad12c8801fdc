/** docs/git-status.md says what the code does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BuildState } from '../../src/git-host/build-report.js'
import {
  BITBUCKET_SERVER_STATES,
  BITBUCKET_STATES,
  GITHUB_STATES,
  GITLAB_STATES,
} from '../../src/git-host/commit-status.js'
import { CHECK_CONCLUSIONS } from '../../src/git-host/github-report.js'
import {
  GIT_API_ANNOTATION,
  GIT_HOST_ANNOTATION,
  GIT_REPORT,
  GIT_REPORT_LABEL,
  GIT_STATUS_ANNOTATIONS,
} from '../../src/resources/annotations.js'
import { ROOT } from '../helpers/cli.js'

const doc = readFileSync(join(ROOT, 'docs/git-status.md'), 'utf8')

const RUNS: Readonly<Record<BuildState, string>> = {
  queued: 'waits to start',
  running: 'runs',
  success: 'succeeded',
  failure: 'failed',
  error: 'could not be run',
  cancelled: 'was cancelled, or deleted',
  timedOut: 'out of time',
}

test('the table of states is the one in the code', () => {
  const checks = { ...CHECK_CONCLUSIONS, queued: 'queued', running: 'in_progress' }
  for (const [state, words] of Object.entries(RUNS) as [BuildState, string][]) {
    const told = [GITHUB_STATES, checks, GITLAB_STATES, BITBUCKET_STATES, BITBUCKET_SERVER_STATES].map(
      one => `\`${one[state]}\``,
    )
    expect(doc).toContain(`| ${[words, ...told].join(' | ')} |\n`)
  }
})

test('every annotation, label and value is explained, and no other', () => {
  const names = [...Object.values(GIT_STATUS_ANNOTATIONS), GIT_HOST_ANNOTATION, GIT_API_ANNOTATION, GIT_REPORT_LABEL]
  const written = new Set([...doc.matchAll(/tektite\.dev\/[a-z-]+/g)].map(([name]) => name))
  expect([...written].sort()).toEqual([...names].sort())
  for (const value of Object.values(GIT_REPORT)) expect(doc).toMatch(new RegExp(`[\` ]${value}\``))
})
