/** What tells a run of a deliberate redelivery from the first one. Pure. */
import { isRecord } from '../resources/shape.js'

/** On what a replay created: the name of the Delivery, which is the event id that the first dispatch had. */
const REPLAY_OF_ANNOTATION = 'tektite.dev/replay-of'
/** On what a replay created: which replay of it, from "1". */
const REPLAY_ANNOTATION = 'tektite.dev/replay'

type Json = Readonly<Record<string, unknown>>

/** What a first delivery makes is left exactly as Tekton makes it. */
export function markReplay(object: Json, replay: { readonly of: string; readonly count: number }): Json {
  if (replay.count === 0) return object
  const { metadata } = object
  // Anything but a mapping is left for admission to refuse.
  if (!isRecord(metadata)) return object
  const { annotations = {} } = metadata
  if (!isRecord(annotations)) return object
  const ours = { [REPLAY_OF_ANNOTATION]: replay.of, [REPLAY_ANNOTATION]: `${replay.count}` }
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, ...ours } } }
}
