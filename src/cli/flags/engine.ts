/** The flags of every command that talks to an API server: which one, and as tkn and kubectl spell them. */
import { type Command, Option } from 'commander'
import { DEFAULT_DATA, type PlaceFlags } from '../client/place.js'

export interface EngineFlagValues {
  readonly data?: string
  readonly server?: string
  readonly tokenFile?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

const HEADING = 'Which API server:'

export function addEngineFlags(command: Command): Command {
  const options = [
    new Option(
      '--data <dir>',
      `the engine that runs with this data folder (default: ${DEFAULT_DATA}, if one runs there)`,
    ),
    new Option('--server <url>', 'the API of an engine elsewhere; needs --token-file'),
    new Option('--token-file <file>', 'the file with the token of the API; by default the one in the data folder'),
    new Option('-k, --kubeconfig <file>', 'a kubeconfig (default: $KUBECONFIG, then ~/.kube/config)'),
    new Option('-c, --context <name>', 'a context of the kubeconfig (default: its current one)'),
  ]
  for (const option of options) command.addOption(option.helpGroup(HEADING))
  return command
}

export function engineFlags({ data, ...others }: EngineFlagValues): PlaceFlags {
  const { server, tokenFile, kubeconfig, context, namespace } = others
  return {
    ...(data !== undefined && { dataDir: data }),
    ...(server && { server }),
    ...(tokenFile && { tokenFile }),
    ...(kubeconfig && { kubeconfig }),
    ...(context && { context }),
    ...(namespace && { namespace }),
  }
}
