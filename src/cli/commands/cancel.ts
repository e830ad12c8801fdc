/** `NOUN cancel`: as a patch of `spec.status`, which the engine acts on. */
import { isDone, succeededCondition } from '../../status/conditions.js'
import { seeingArchived } from '../client/archived-run.js'
import { ClientError } from '../client/client.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { existing } from '../nouns/choose.js'
import type { Noun } from '../nouns/nouns.js'
import type { AnyRun } from '../print/lists.js'
import { statusText } from '../print/run-status.js'

export interface CancelOptions {
  readonly place: PlaceFlags
  readonly noun: Noun
  readonly name: string
  /** Of a PipelineRun: what still runs before it ends. */
  readonly grace?: string
}

const WORDS = { PipelineRun: 'Cancelled', TaskRun: 'TaskRunCancelled', CustomRun: 'RunCancelled' } as const

/** @throws ClientError when it is not there, or has ended */
export async function cancelCommand(context: CliContext, { place, noun, name, grace }: CancelOptions): Promise<number> {
  const client = await openClient(context, place)
  const kind = noun.kind as keyof typeof WORDS
  const run = (await existing(await seeingArchived(client, kind, name), kind, name)) as AnyRun
  if (isDone(run)) {
    const how = statusText(succeededCondition(run))
    throw new ClientError(409, `${kind} "${name}" cannot be cancelled: it has ended (${how})`)
  }
  const { namespace } = run.metadata
  await client.patch(kind, { namespace, name }, { spec: { status: grace ?? WORDS[kind] } })
  context.stdout.write(`${kind} cancelled: ${name}\n`)
  return 0
}
