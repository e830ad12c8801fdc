import { expect, test } from 'vitest'
import { readConfig } from '../src/config.js'

test('nothing set: what the command said, colours, no Redis', () => {
  expect(readConfig('warn', {})).toMatchObject({
    redisUrl: undefined,
    logLevel: 'warn',
    color: true,
    isolation: 'auto',
    stepEnvironment: {},
  })
})

test('what is set goes over it', () => {
  const environment = {
    REDIS_URL: 'redis://127.0.0.1:1',
    TEKTITE_LOG_LEVEL: 'debug',
    NO_COLOR: '1',
    TEKTITE_ISOLATION: 'rewrite',
  }
  expect(readConfig('warn', environment)).toMatchObject({
    redisUrl: 'redis://127.0.0.1:1',
    logLevel: 'debug',
    color: false,
    isolation: 'rewrite',
  })
})

test('an empty NO_COLOR and an empty REDIS_URL count as not set', () => {
  expect(readConfig('info', { NO_COLOR: '', REDIS_URL: '' })).toMatchObject({ color: true, redisUrl: undefined })
})

test.each([
  ['TEKTITE_LOG_LEVEL', 'loud', 'debug, info, warn, error, silent'],
  ['TEKTITE_LOG_LEVEL', '', 'debug, info, warn, error, silent'],
  ['TEKTITE_ISOLATION', 'docker', 'auto, namespace, rewrite'],
])('%s="%s" is refused, saying what is allowed', (name, value, allowed) => {
  expect(() => readConfig('info', { [name]: value })).toThrow(
    `environment variable ${name} is "${value}"; it must be one of ${allowed}`,
  )
})

test('steps inherit the eight variables of the documentation and no secret', () => {
  const environment = {
    PATH: '/bin',
    HOME: '/home/me',
    USER: 'me',
    LOGNAME: 'me',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: '/tmp',
  }
  const secrets = { AWS_SECRET_ACCESS_KEY: 'x', NODE_OPTIONS: 'x', REDIS_URL: 'redis://:secret@h', SSH_AUTH_SOCK: 'x' }
  expect(readConfig('info', { ...environment, ...secrets }).stepEnvironment).toEqual(environment)
})

test('GitHub’s API is GitHub’s, or where the installation says', () => {
  expect(readConfig('info', {}).gitHub).toEqual({ apiUrl: 'https://api.github.com', enterpriseHosts: '' })
  const environment = { TEKTITE_GITHUB_API_URL: 'http://127.0.0.1:1', TEKTITE_GITHUB_ENTERPRISE_HOSTS: 'a.example' }
  expect(readConfig('info', environment).gitHub).toEqual({ apiUrl: 'http://127.0.0.1:1', enterpriseHosts: 'a.example' })
  expect(() => readConfig('info', { TEKTITE_GITHUB_API_URL: 'api.github.com' })).toThrow(
    'environment variable TEKTITE_GITHUB_API_URL is "api.github.com"; it must be an http(s) URL, such as https://api.github.com',
  )
})
