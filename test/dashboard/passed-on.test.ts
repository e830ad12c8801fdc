/** What of the Kubernetes API goes through the dashboard. */
import { describe, expect, test } from 'vitest'
import { isPassedOn, isPlainPath } from '../../dashboard/passed-on.js'
import { attributesOf } from '../../src/api/access/attributes.js'

const NS = '/api/v1/namespaces/default'
const RUNS = '/apis/tekton.dev/v1/namespaces/default/pipelineruns'

describe('a request', () => {
  test.each([
    ['GET', '/version', true],
    ['GET', '/api', true],
    ['GET', '/apis/tekton.dev/v1', true],
    ['GET', '/openapi/v3/apis/tekton.dev/v1', true],
    ['GET', RUNS, true],
    ['GET', `${RUNS}?watch=true`, true],
    ['POST', RUNS, true],
    ['PATCH', `${RUNS}/a`, true],
    ['DELETE', `${RUNS}/a`, true],
    ['DELETE', RUNS, false],
    ['GET', `${NS}/pods`, true],
    ['GET', `${NS}/pods/a/log`, true],
    ['GET', `${NS}/events`, true],
    ['GET', '/api/v1/namespaces', true],
    ['POST', '/api/v1/namespaces', false],
    ['DELETE', `${NS}/pods/a`, false],
    ['POST', `${NS}/pods/a/exec`, false],
    ['GET', `${NS}/pods/a/exec`, false],
    ['GET', `${NS}/pods/a/proxy`, false],
    ['GET', `${NS}/secrets`, false],
    ['GET', `${NS}/secrets/a`, false],
    ['GET', '/api/v1/secrets', false],
    ['GET', `${NS}/secrets?watch=true`, false],
    ['POST', `${NS}/secrets`, false],
    ['GET', `${NS}/configmaps/a`, false],
    ['POST', `${NS}/serviceaccounts/default/token`, false],
    ['GET', '/api/v1/nodes', false],
    ['GET', '/api/v1/nodes/n/proxy/logs', false],
    ['GET', '/apis/apps/v1/deployments', false],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', true],
    ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', false],
    ['GET', '/logs/', false],
    ['GET', '/metrics', false],
    ['GET', '/configz', false],
  ] as const)('%s %s: %s', (method, url, expected) => {
    const [path = '', query] = url.split('?')
    expect(isPassedOn(attributesOf(method, path, new URLSearchParams(query)))).toBe(expected)
  })
})

describe('a path', () => {
  test.each([
    ['/', true],
    [RUNS, true],
    [`${RUNS}/a%3Ab`, true],
    ['/apis/tekton.dev/v1/../../../api/v1/secrets', false],
    ['/apis/tekton.dev/v1/namespaces/default/pipelineruns/%2e%2e/%2e%2e', false],
    ['/apis/tekton.dev/v1/namespaces/x%2f..%2f..%2fsecrets/pipelineruns', false],
    ['/apis//tekton.dev/v1/pipelineruns', false],
    [`${RUNS}/`, false],
    [`${RUNS}/a%00`, false],
    [`${RUNS}/a%5c..`, false],
    [`${RUNS}/a%252e%252e`, false],
    [`${RUNS}/.`, false],
    [`${RUNS}/#a`, false],
  ] as const)('%s is plain: %s', (path, expected) => {
    expect(isPlainPath(path)).toBe(expected)
  })
})
