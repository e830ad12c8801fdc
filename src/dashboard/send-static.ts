import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { StaticAnswer } from './static-files.js'

/** A client that goes away in the middle is nobody's fault. */
export async function sendStatic(response: ServerResponse, { code, headers, body }: StaticAnswer): Promise<void> {
  response.writeHead(code, headers)
  if (body === undefined || typeof body === 'string') response.end(body)
  else await pipeline(body, response).catch(() => response.destroy())
}
