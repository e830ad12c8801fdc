/**
 * The ConfigMaps that hold an installation's settings, as Tekton keeps them. A ConfigMap with a bad value counts for
 * nothing: the one before stays, or else the defaults.
 */
import type { ConfigMap } from '../resources/core.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import type { Problem } from '../resources/problem.js'
import { RETENTION_KEYS, retentionProblems, textsIn } from '../retention/rules.js'
import { readConfigDefaults } from './config-defaults.js'
import { readFeatureFlags } from './config-feature-flags.js'
import { type ConfigNames, type ConfigRole, placeOf } from './config-names.js'
import { type ConfigData, createConfigReader, type Reading, text, value } from './config-text.js'
import { DEFAULT_SETTINGS, type Settings } from './settings.js'

/** The data of the ConfigMaps that exist. */
export type InstalledConfig = Readonly<Partial<Record<ConfigRole, ConfigData>>>

const CONFIG_ROLES: readonly ConfigRole[] = ['defaults', 'featureFlags', 'events', 'tektite']

/** What an object says about the settings; undefined when it is not one of these ConfigMaps. */
export function configOf(
  object: New<AnyResource> | AnyResource,
  names: ConfigNames,
): { readonly role: ConfigRole; readonly data: ConfigData } | undefined {
  const { metadata } = object
  if (object.kind !== 'ConfigMap' || metadata.namespace !== placeOf(names)) return undefined
  const role = CONFIG_ROLES.find(each => names[each] === metadata.name)
  const { data = {} } = object as Pick<ConfigMap, 'data'>
  return role && { role, data }
}

/** What is wrong with one of them, in the words of Tekton's config webhook. */
export function configProblems(role: ConfigRole, data: ConfigData): readonly Problem[] {
  switch (role) {
    case 'defaults':
      return readConfigDefaults(data, DEFAULT_SETTINGS).problems
    case 'featureFlags':
      return readFeatureFlags(data, DEFAULT_SETTINGS.flags).problems
    case 'events':
      return readEvents(data).problems
    case 'tektite':
      return retentionProblems(data, 'data', RETENTION_KEYS, '')
    default:
      throw new Error(`unknown ConfigMap ${JSON.stringify(role satisfies never)}`)
  }
}

/** `config`: only such as `configProblems` has nothing against. What is not set there stays as in `base`. */
export function settingsFrom(config: InstalledConfig, base: Settings = DEFAULT_SETTINGS): Settings {
  const defaults = config.defaults ? readConfigDefaults(config.defaults, base).defaults : base
  const flags = config.featureFlags ? readFeatureFlags(config.featureFlags, base.flags).flags : base.flags
  const sink = config.events ? readEvents(config.events).sink : ''
  const retention = config.tektite ? { retention: textsIn(config.tektite, '') } : {}
  return { ...base, ...defaults, ...(sink !== '' && { cloudEventsSink: sink }), ...retention, flags }
}

/** ConfigMap `config-events`. As Tekton's pkg/apis/config/events.go. */
function readEvents(data: ConfigData): { readonly sink: string; readonly problems: readonly Problem[] } {
  const { read, problems } = createConfigReader(data)
  read('formats', '', eventFormats)
  return { sink: read('sink', '', text), problems }
}

function eventFormats(written: string): Reading<string> {
  const hint = 'formats is a list such as "tektonv1"'
  if (written === '') return { is: 'wrong', message: 'formats cannot be empty', hint }
  const formats = written.split(',')
  const unknown = formats.find(format => format !== 'tektonv1')
  if (unknown !== undefined) return { is: 'wrong', message: `invalid format: ${unknown}`, hint }
  return formats.length > 1 ? { is: 'wrong', message: 'duplicate format: tektonv1', hint } : value(written)
}
