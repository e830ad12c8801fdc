/** The trace that a run belongs to (W3C `traceparent` and its like), where somebody gave it one: handed on, never made up. */
import { isRecord } from '../resources/shape.js'

export const SPAN_ANNOTATIONS = {
  PipelineRun: 'tekton.dev/pipelinerunSpanContext',
  TaskRun: 'tekton.dev/taskrunSpanContext',
} as const

/** As Tekton: what is longer is not handed on. */
const MAX_LENGTH = 1024

export type SpanContext = Readonly<Record<string, string>>

/** From the annotation's JSON map of texts; anything else is no span context. */
export function spanContextOf(text: string | undefined): SpanContext | undefined {
  if (text === undefined || text.length >= MAX_LENGTH) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    if (!isRecord(parsed)) return undefined
    const entries = Object.entries(parsed).filter(entry => typeof entry[1] === 'string')
    return entries.length === 0 ? undefined : (Object.fromEntries(entries) as SpanContext)
  } catch {
    return undefined // No JSON: no trace to belong to.
  }
}

/** What a child's annotation says. */
export function handedOn(context: SpanContext | undefined): string | undefined {
  return context && JSON.stringify(context)
}
