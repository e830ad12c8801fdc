/** The client that the flags of a command ask for. */
import type { CliContext } from '../context.js'
import { styleFor } from '../print/style.js'
import type { Client } from './client.js'
import { connect } from './connect.js'
import { choosePlace, type PlaceFlags } from './place.js'

/** Says on standard error which API server it is when there were several to choose from. @throws ClientError */
export async function openClient(
  { config, environment, stderr }: Pick<CliContext, 'config' | 'environment' | 'stderr'>,
  flags: PlaceFlags,
): Promise<Client> {
  const place = await choosePlace(flags, environment)
  if (place.note) stderr.write(`${styleFor(stderr, config).dim('note')}: ${place.note}\n`)
  return connect(place)
}
