/** Where a token goes, and where it does not. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { askedOf } from '../../src/feedback/asked.js'
import { placeOf } from '../../src/feedback/place.js'
import type { Secret } from '../../src/resources/core.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly asked: Readonly<Record<string, string>>
  readonly secret?: { annotations?: Record<string, string>; type?: string; data?: Record<string, string> }
  readonly place?: { api: string; web: string; repository: string[]; token: string; username?: string; app?: object }
  /** A part of the message. Its colon is written as a comma, which YAML likes better. */
  readonly problem?: string
}

const META = { namespace: 'ci', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }

function runAsking(asked: Readonly<Record<string, string>>): PipelineRun {
  const all = { 'git-sha': 'A'.repeat(40), 'git-token-secret': 'login', ...asked }
  const annotations = Object.fromEntries(Object.entries(all).map(([name, value]) => [`tektite.dev/${name}`, value]))
  return { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata: { ...META, name: 'run', annotations }, spec: {} }
}

function secretWith({
  annotations,
  type,
  data = { token: 't0ken', username: '' },
}: NonNullable<Case['secret']>): Secret {
  const encoded = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...META, name: 'login', ...(annotations && { annotations }) },
    ...(type && { type }),
    data: encoded,
  }
}

function answer(asked: Case['asked'], secret: Case['secret']) {
  const found = askedOf(runAsking(asked))
  return found.is === 'problem' ? found : placeOf(found.asked, secret && secretWith(secret), 'ci')
}

test.each(yamlCases<Case>(new URL('place.cases.yaml', import.meta.url)))(
  '%s',
  (_, { asked, secret, place, problem }) => {
    const found = answer(asked, secret)
    if (place === undefined) {
      expect(found).toMatchObject({ is: 'problem' })
      const message = found.is === 'problem' ? found.message.replaceAll(': ', ', ') : ''
      expect(message).toContain(problem)
      expect(message).not.toMatch(/t0ken|s3cret/)
      return
    }
    const { token, username = '', app, ...where } = place
    const login = { username, token, ...(app && { app }) }
    expect(found).toMatchObject({ is: 'place', place: { ...where, sha: 'a'.repeat(40), login } })
  },
)

test('whatever the repository says, the token goes to the host of its Secret only', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'github.com',
      'evil.example',
      '@',
      ':',
      '/',
      '//',
      '\\',
      '?',
      '#',
      '%2f',
      '..',
      'git@',
      'https://',
      'ssh://',
      '.git',
    ),
    fc.string(),
  )
  const repository = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))
  const kinds = fc.constantFrom('github', 'gitlab', 'gitea', 'bitbucket-server')
  fc.assert(
    fc.property(kinds, repository, (kind, text) => {
      const found = answer(
        { 'git-status': kind, 'git-repository': `https://git.example/${text}` },
        { annotations: { 'tektite.dev/git-host': 'git.example' } },
      )
      const free = answer(
        { 'git-status': kind, 'git-repository': text },
        { annotations: { 'tektite.dev/git-host': 'git.example' } },
      )
      for (const one of [found, free]) {
        if (one.is === 'problem') continue
        expect(new URL(one.place.api).origin).toBe('https://git.example')
        expect(one.place.repository.every(name => !/[/\\]|^\.{1,2}$/.test(name) && name !== '')).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
})
