import { expect, test } from 'vitest'
import { helpText, readFlags } from '../../src/process/flags.js'
import { LISTENER_FLAGS, WORKER_FLAGS } from '../../src/process/process-flags.js'

const REDIS = { REDIS_URL: 'redis://redis:6379' }

test('what is not given is as documented', () => {
  expect(readFlags(WORKER_FLAGS, [], REDIS)).toEqual({
    is: 'read',
    values: {
      kubeconfig: undefined,
      'redis-url': 'redis://redis:6379',
      'redis-password': undefined,
      'redis-ca-file': undefined,
      'redis-prefix': 'tektite',
      namespace: undefined,
      'system-namespace': 'tekton-pipelines',
      'metrics-port': 9090,
      'log-level': 'info',
      concurrency: 32,
      'managed-by': undefined,
      'entrypoint-dir': undefined,
      'entrypoint-image': undefined,
      'node-architecture': undefined,
    },
  })
})

test('a flag wins over its variable, and an empty variable counts as none', () => {
  const environment = {
    ...REDIS,
    TEKTITE_PORT: '1',
    TEKTITE_METRICS_PORT: '',
    TEKTITE_PUBLIC_URL: 'https://ci.example/',
  }
  expect(readFlags(LISTENER_FLAGS, ['--port', '2', '--log-level=debug'], environment)).toMatchObject({
    values: { port: 2, 'metrics-port': 9090, 'log-level': 'debug', 'public-url': 'https://ci.example' },
  })
})

test('all that is wrong is told at once, each with its place, its value and the way out', () => {
  const environment = {
    REDIS_URL: 'http://user:hunter2@redis',
    TEKTITE_METRICS_PORT: '70000',
    TEKTITE_NAMESPACE: 'Not_One',
    REDIS_PASSWORD: 'hunter2',
  }
  const args = ['--concurrency', '0', '--log-level', 'loud', '--shout', '--redis-password', 'hunter2', '--managed-by']
  const reading = readFlags(WORKER_FLAGS, args, environment)
  expect(reading).toEqual({
    is: 'wrong',
    problems: [
      '--shout is no flag: see --help',
      '--redis-password is no flag, since arguments are for all to see: set the environment variable REDIS_PASSWORD',
      'argument 7 belongs to no flag: see --help',
      '--managed-by has no value: write --managed-by <name>',
      'environment variable REDIS_URL is not shown here: it must be redis://[user:password@]host[:port][/database], or rediss:// for TLS',
      'environment variable TEKTITE_NAMESPACE is "Not_One": it must be the name of a namespace: lower-case letters, digits and "-", 63 characters at most',
      'environment variable TEKTITE_METRICS_PORT is "70000": it must be a port: 0 (any free one) to 65535',
      '--log-level is "loud": it must be one of debug, info, warn, error, silent',
      '--concurrency is "0": it must be a whole number from 1 to 10000',
    ],
  })
})

test('what has to be given is asked for by flag and variable', () => {
  expect(readFlags(LISTENER_FLAGS, [], {})).toEqual({
    is: 'wrong',
    problems: ['--redis-url is missing: give --redis-url <url>, or set REDIS_URL'],
  })
})

test('help says every flag and every variable, and asks for nothing', () => {
  expect(readFlags(WORKER_FLAGS, ['-h'], {})).toEqual({ is: 'help' })
  const help = helpText('tektite-workers', 'About.', WORKER_FLAGS)
  for (const [name, { env, isSecret }] of Object.entries<{ env: string; isSecret?: true }>(WORKER_FLAGS)) {
    expect(help).toContain(isSecret ? `  ${env} ` : `  --${name} <`)
    expect(help).toContain(env)
  }
})

test('a password is no part of an argument, and may be part of the variable', () => {
  const url = 'rediss://user:hunter2@redis:6380'
  expect(readFlags(WORKER_FLAGS, ['--redis-url', url], {})).toEqual({
    is: 'wrong',
    problems: [
      '--redis-url holds a password, and arguments are for all to see: set the environment variable REDIS_URL',
    ],
  })
  expect(readFlags(WORKER_FLAGS, [], { REDIS_URL: url })).toMatchObject({ values: { 'redis-url': url } })
})
