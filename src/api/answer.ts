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

/** As the API server's: headers are what clients bound, too. */
const MAX_WARNING_CHARS = 4_096

export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (typeof answer === 'function') return answer(response)
  let chars = 0
  for (const header of (answer.warnings ?? []).map(warningHeader)) {
    chars += header.length
    if (chars > MAX_WARNING_CHARS) break
    response.appendHeader('warning', header)
  }
  sendJson(response, answer.code, JSON.stringify(answer.body))
}

/** With its length, so that head and body go out in one piece. */
export function sendJson(response: ServerResponse, code: number, json: string): void {
  const text = `${json}\n`
  const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  response.writeHead(code, head).end(text)
}
