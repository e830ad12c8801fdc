/** `NOUN export`: an object that `kubectl create -f` takes. */
import { seeingArchived } from '../client/archived-run.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { chooseObject } from '../nouns/choose.js'
import { exported } from '../nouns/exported.js'
import type { Noun } from '../nouns/nouns.js'

export interface ExportOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly name?: string
  readonly format: 'yaml' | 'json'
}

export async function exportCommand(
  context: CliContext,
  { place, noun, format, ...choice }: ExportOptions,
): Promise<number> {
  const client = await seeingArchived(await openClient(context, place), noun.kind, choice.name)
  const object = exported(await chooseObject(context, client, noun.kind, choice))
  const { toYaml } = await import('../../resources/parse.js')
  context.stdout.write(format === 'yaml' ? toYaml(object) : `${JSON.stringify(object, undefined, 2)}\n`)
  return 0
}
