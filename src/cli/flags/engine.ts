/** The flags of every command that talks to a running engine. */
import type { Command } from 'commander'
import type { EngineFlags } from '../engine-client.js'

export interface EngineFlagValues {
  readonly data: string
  readonly server?: string
  readonly tokenFile?: string
}

export function addEngineFlags(command: Command): Command {
  return command
    .option('--data <dir>', 'the data folder of the engine: it says where the engine listens', '.tektite')
    .option('--server <url>', 'the API of an engine elsewhere; needs --token-file')
    .option('--token-file <file>', 'the file with the token of the API; by default the one in the data folder')
}

export function engineFlags({ data, server, tokenFile }: EngineFlagValues): EngineFlags {
  return { dataDir: data, ...(server && { server }), ...(tokenFile && { tokenFile }) }
}
