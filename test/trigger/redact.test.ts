import { expect, test } from 'vitest'
import { credentialsIn, masker, maskHeaders, maskUrl, valuesOf } from '../../src/trigger/redact.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const headers = cases({
  authorization: true,
  'proxy-authorization': true,
  cookie: true,
  'x-gitlab-token': true,
  'x-hub-signature': true,
  'x-hub-signature-256': true,
  'x-gitea-signature': true,
  'x-slack-signature': true,
  'x-api-key': true,
  'x-apikey': true,
  'x-my-secret': true,
  'x-auth-password': true,
  'x-github-event': false,
  'x-github-delivery': false,
  'x-gitlab-event-uuid': false,
  'x-request-uuid': false,
  'content-type': false,
  'user-agent': false,
  'x-forwarded-for': false,
})

test.each(headers)('header %s is shown only when it is no credential', (name, isCredential) => {
  const values = ['Bearer first-value', 'second-value']
  expect(maskHeaders({ [name]: values })).toEqual({ [name]: isCredential ? ['***', '***'] : values })
  const hidden = ['Bearer first-value', 'first-value', 'second-value', 'second-value']
  expect(credentialsIn({ [name]: values })).toEqual(isCredential ? hidden : [])
})

test.each([
  ['/hooks/ci/app', '/hooks/ci/app'],
  ['/?token=abc&x=1', '/?token=***&x=1'],
  ['/?x=1&Access_Key=a%26b&y', '/?x=1&Access_Key=***&y'],
  ['/?to%6Ben=abc', '/?to%6Ben=***'],
  ['/?%zz=1&secret=', '/?%zz=1&secret=***'],
  ['/?token', '/?token'],
])('url %s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown)
})

test('values of Secrets are taken out of texts, the longest first, and short ones are left', () => {
  const secrets = new Map([
    ['ci/a', yaml<never>('data: { x: aHVudGVyMg==, line: c2VjcmV0Cg== }')],
    ['ci/b', yaml<never>('stringData: { y: hunter2-and-more, short: abc }')],
  ])
  const values = valuesOf(secrets)
  expect(values).toEqual(['hunter2', 'secret', 'hunter2-and-more', 'abc'])
  expect(masker(values)('got hunter2-and-more and hunter2, no secret in abc')).toBe('got *** and ***, no *** in abc')
  expect(masker(['$& $'])('$& $1')).toBe('***1')
})
