/** What the ConfigMaps with an installation's settings are called, and where they are. */

/** Where Tekton is installed, and its settings with it. */
export const CONFIG_NAMESPACE = 'tekton-pipelines'

export type ConfigRole = 'defaults' | 'featureFlags' | 'events' | 'tektite'
export interface ConfigNames extends Readonly<Record<ConfigRole, string>> {
  /** Where they are; if not given, where Tekton has them. */
  readonly namespace?: string
}

export const CONFIG_NAMES: ConfigNames = {
  defaults: 'config-defaults',
  featureFlags: 'feature-flags',
  events: 'config-events',
  tektite: 'tektite-config',
}

/** The namespace of the ConfigMaps. */
export function placeOf({ namespace = CONFIG_NAMESPACE }: ConfigNames): string {
  return namespace
}
