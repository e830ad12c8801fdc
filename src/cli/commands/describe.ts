/** `NOUN describe`: all that there is to know about an object, in tkn's sections. */
import type { AnyResource } from '../../resources/kinds.js'
import { seeingArchived } from '../client/archived-run.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { describedAs } from '../describe/describe.js'
import { chooseObject } from '../nouns/choose.js'
import type { Noun } from '../nouns/nouns.js'
import { type ObjectOutput, objectText } from '../print/objects.js'
import { descriptionText } from '../print/sections.js'
import { styleFor, widthOf } from '../print/style.js'

export interface DescribeOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly name?: string
  readonly last: boolean
  readonly output?: ObjectOutput
}

export async function describeCommand(context: CliContext, options: DescribeOptions): Promise<number> {
  const { config, now, stdout } = context
  const { place, noun, output, ...choice } = options
  const client = await seeingArchived(await openClient(context, place), noun.kind, choice.name)
  const object: AnyResource = await chooseObject(context, client, noun.kind, choice)
  if (output !== undefined) {
    stdout.write(await objectText(output, object))
    return 0
  }
  const view = { style: styleFor(stdout, config), width: widthOf(stdout) }
  stdout.write(descriptionText(await describedAs(client, object, { now: now(), style: view.style }), view))
  return 0
}
