/** A git status that would never be sent is warned of before anything runs; one that a webhook fills in is not. */
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'
import { cases } from '../helpers/cases.js'

const GOOD = {
  'tektite.dev/git-status': 'github',
  'tektite.dev/git-repository': 'https://github.com/org/repo',
  'tektite.dev/git-sha': 'a'.repeat(40),
  'tektite.dev/git-token-secret': 'login',
}

function warnings(object: object): readonly string[] {
  const answer = admitManifests([{ file: 'a.json', text: JSON.stringify(object) }])
  const all = answer.is === 'ok' ? answer.warnings : answer.problems
  return all.map(one => `${one.line}: ${problemText(one)} → ${one.hint}`)
}

const run = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run', annotations },
  spec: { pipelineRef: { name: 'p' } },
})
const template = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'triggers.tekton.dev/v1beta1',
  kind: 'TriggerTemplate',
  metadata: { name: 't' },
  spec: {
    params: [{ name: 'x' }],
    resourcetemplates: [{ ...run(annotations), metadata: { generateName: 'r-', annotations } }],
  },
})
const secret = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', annotations },
})
const without = (name: keyof typeof GOOD) => Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== name))

test.each(
  cases<{ object: object; warnings: readonly string[] }>({
    'all there': { object: run(GOOD), warnings: [] },
    off: { object: run({ 'tektite.dev/git-status': '' }), warnings: [] },
    'filled in by an event': {
      object: template(Object.fromEntries(Object.keys(GOOD).map(name => [name, '$(tt.params.x)']))),
      warnings: [],
    },
    'on a Pipeline, whose run has the rest': {
      object: {
        apiVersion: 'tekton.dev/v1',
        kind: 'Pipeline',
        metadata: { name: 'p', annotations: { 'tektite.dev/git-status': 'gitea' } },
        spec: { tasks: [{ name: 'a', taskRef: { name: 'a' } }] },
      },
      warnings: [],
    },
    'a Secret for a host': {
      object: secret({ 'tektite.dev/git-host': 'github.com', 'tektite.dev/git-api-url': 'https://x.example' }),
      warnings: [],
    },
    'a typo': {
      object: run({ ...GOOD, 'tektite.dev/git-repo': 'x' }),
      warnings: [
        '1: annotation tektite.dev/git-repo means nothing here: metadata.annotations → on runs there are tektite.dev/git-status, tektite.dev/git-repository, tektite.dev/git-sha, tektite.dev/git-token-secret, tektite.dev/git-token-key, tektite.dev/git-context, tektite.dev/git-target-url, tektite.dev/git-log-lines',
      ],
    },
    'nothing that turns it on': {
      object: run(without('tektite.dev/git-status')),
      warnings: [
        '1: annotation tektite.dev/git-status is missing: metadata.annotations → use one of github, github-check, gitlab, bitbucket, bitbucket-server, gitea',
      ],
    },
    'no Secret': {
      object: template(without('tektite.dev/git-token-secret')),
      warnings: [
        '1: annotation tektite.dev/git-token-secret is missing: spec.resourcetemplates[0].metadata.annotations → name the Secret in the namespace of the run that has the token',
      ],
    },
    'a branch': {
      object: template({ ...GOOD, 'tektite.dev/git-sha': 'main' }),
      warnings: [
        '1: annotation tektite.dev/git-sha is "main": spec.resourcetemplates[0].metadata.annotations → give all 40 or 64 hex digits of the commit',
      ],
    },
    "a run's on a Secret": {
      object: secret({ 'tektite.dev/git-repository': 'x' }),
      warnings: [
        '1: annotation tektite.dev/git-repository means nothing here: metadata.annotations → on a Secret there are tektite.dev/git-host, tektite.dev/git-api-url',
      ],
    },
  }),
)('%s', (_, { object, warnings: wanted }) => {
  expect(warnings(object)).toEqual(wanted)
})
