/** What a request is answered with. */
import type { ServerResponse } from 'node:http'
import type { Problem } from '../resources/problem.js'
import { warningHeader } from './warning.js'

export interface ObjectAnswer {
  readonly code: number
  /** Sent as JSON. */
  readonly body: unknown
  readonly warnings?: readonly Problem[]
}

/** Writes the response itself, and resolves when that is over: watches and logs. */
export type StreamAnswer = (response: ServerResponse) => Promise<void>

export type Answer = ObjectAnswer | StreamAnswer

export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (typeof answer === 'function') return answer(response)
  for (const warning of answer.warnings ?? []) response.appendHeader('warning', warningHeader(warning))
  response.writeHead(answer.code, { 'content-type': 'application/json' }).end(`${JSON.stringify(answer.body)}\n`)
}
