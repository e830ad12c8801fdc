/** Environment and flags become one typed value here, and nowhere else. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FetchConfig } from './resolve/resolvers.js'
import { CONFIG_NAMES, type ConfigNames } from './run/config-names.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** What an engine is made of. The store and its API are there in any case. */
export const PARTS = ['api', 'kubelet', 'workers', 'listeners'] as const
export type Part = (typeof PARTS)[number]

export interface Config {
  readonly redisUrl: string | undefined
  /** Starts the keys there; undefined for one of its own. */
  readonly redisPrefix: string | undefined
  readonly logLevel: LogLevel
  /** Colours and live drawing: off when `NO_COLOR` is set, as https://no-color.org asks. */
  readonly color: boolean
  /** What steps inherit of this process's environment: nothing else of it reaches them. */
  readonly stepEnvironment: Readonly<Record<string, string>>
  /** How steps see `/workspace` and `/tekton`: in a mount namespace, by rewritten paths, or what works here. */
  readonly isolation: 'auto' | 'namespace' | 'rewrite'
  /** The ConfigMaps with the installation's settings, which Tekton lets one rename. */
  readonly configNames: ConfigNames
  /** For what resolvers fetch. */
  readonly fetching: FetchConfig
  /** Where people look at a run, with `{namespace}`, `{name}`, `{uid}`, `{kind}` and `{plural}`; '' for nowhere. */
  readonly runUrl: string
  /** GitHub's API, for interceptors. */
  readonly gitHub: GitHubConfig
  readonly tempDir: string
  /** The compiled `entrypoint` and `shim`. */
  readonly nativeDir: string
  /** The built dashboard. */
  readonly dashboardDir: string
}

export interface GitHubConfig {
  /** `https://api.github.com`, or where it is reached instead. */
  readonly apiUrl: string
  /** Hosts of GitHub Enterprise servers, parted by commas: the sender of an event says which one it comes from. */
  readonly enterpriseHosts: string
}

/** This file is two folders below it, once compiled. */
const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url))
const GITHUB_API = 'https://api.github.com'
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']
/** From all to nothing. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']
const ISOLATIONS: readonly Config['isolation'][] = ['auto', 'namespace', 'rewrite']

export type Environment = Readonly<Record<string, string | undefined>>

/** That of this process. */
export function ownEnvironment(): Environment {
  return process.env
}

/** @throws Error with a line for each variable that is wrong: its name, its value and what is allowed. */
export function readConfig(defaultLogLevel: LogLevel, environment: Environment = process.env): Config {
  const { config, problems } = configIn(defaultLogLevel, environment)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return config
}

/** As `readConfig`, with what is wrong as a list. */
export function configIn(
  defaultLogLevel: LogLevel,
  environment: Environment,
): { readonly config: Config; readonly problems: readonly string[] } {
  const problems: string[] = []
  const oneOf = <T extends string>(name: string, value: string, allowed: readonly T[]): T => {
    const found = allowed.find(each => each === value)
    if (found !== undefined) return found
    problems.push(`environment variable ${name} is "${value}"; it must be one of ${allowed.join(', ')}`)
    return allowed[0] as T
  }
  const webAddress = (name: string, value: string, example: string): string => {
    if (value === '' || (URL.canParse(value) && /^https?:/i.test(value))) return value
    problems.push(`environment variable ${name} is "${value}"; it must be an http(s) URL, such as ${example}`)
    return ''
  }
  const config: Config = {
    redisUrl: environment['REDIS_URL'] || undefined,
    redisPrefix: environment['TEKTITE_REDIS_PREFIX'] || undefined,
    logLevel: oneOf('TEKTITE_LOG_LEVEL', environment['TEKTITE_LOG_LEVEL'] ?? defaultLogLevel, LOG_LEVELS),
    color: !environment['NO_COLOR'],
    stepEnvironment: Object.fromEntries(
      INHERITED.flatMap(name => (environment[name] === undefined ? [] : [[name, environment[name]]])),
    ),
    isolation: oneOf('TEKTITE_ISOLATION', environment['TEKTITE_ISOLATION'] ?? 'auto', ISOLATIONS),
    configNames: {
      defaults: environment['CONFIG_DEFAULTS_NAME'] || CONFIG_NAMES.defaults,
      featureFlags: environment['CONFIG_FEATURE_FLAGS_NAME'] || CONFIG_NAMES.featureFlags,
      events: environment['CONFIG_EVENTS_NAME'] || CONFIG_NAMES.events,
      tektite: CONFIG_NAMES.tektite,
    },
    fetching: {
      allowedHosts: environment['TEKTITE_ALLOWED_HOSTS'] ?? '',
      artifactHubUrl: environment['ARTIFACT_HUB_API'] ?? '',
      tektonHubUrl: environment['TEKTON_HUB_API'] ?? '',
      path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    },
    runUrl: webAddress(
      'TEKTITE_RUN_URL',
      environment['TEKTITE_RUN_URL'] ?? '',
      'https://ci.example.com/{namespace}/{name}',
    ),
    gitHub: {
      apiUrl: webAddress('TEKTITE_GITHUB_API_URL', environment['TEKTITE_GITHUB_API_URL'] || GITHUB_API, GITHUB_API),
      enterpriseHosts: environment['TEKTITE_GITHUB_ENTERPRISE_HOSTS'] ?? '',
    },
    tempDir: tmpdir(),
    nativeDir: join(INSTALLATION, 'entrypoint', 'build'),
    dashboardDir: join(INSTALLATION, 'dist', 'ui'),
  }
  return { config, problems }
}
