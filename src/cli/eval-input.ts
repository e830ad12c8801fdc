/** What `tektite eval` looks at: a request and manifests from files, or why they are none. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describeError } from '../lib/fault.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { isRecord, type Json } from '../resources/shape.js'
import type { EventListener } from '../resources/triggers.js'
import { type InboundEvent, readEvent } from '../trigger/event.js'
import type { CliContext } from './context.js'
import { ofKind } from './manifest-reads.js'
import { readManifests } from './manifests.js'
import { describeProblem } from './print/problem.js'
import { deliveryOf, readRequest, type SentRequest, withHeaders } from './request.js'

/** Where the event comes from. */
export interface RequestOptions {
  /** A file with headers and body; `-` is standard input. */
  readonly request?: string
  /** A file with the body alone. */
  readonly body?: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** JSON: what interceptors before this one would have found. */
  readonly extensions?: string
}

export interface FileOptions {
  readonly files: readonly string[]
}

/** Input that is not what it should be: nothing was evaluated. */
export class WrongInput extends Error {}

/** `sign`: the headers that somebody would send with the body, below those that were given. */
export async function readEventFrom(
  context: CliContext,
  options: RequestOptions,
  sign?: (body: Uint8Array) => Readonly<Record<string, string>>,
): Promise<InboundEvent> {
  const read = await requestFrom(context, options)
  const signed = Object.entries(sign?.(read.body) ?? {}).map(([name, value]) => ({ name, value }))
  const request = withHeaders(withHeaders(read, signed), options.headers)
  const { event } = readEvent(deliveryOf(request, randomUUID(), context.now()), 0)
  if (event.unreadable !== undefined) throw new WrongInput(`the body is no JSON: ${event.unreadable}`)
  return event
}

async function requestFrom(context: CliContext, { request, body }: RequestOptions): Promise<SentRequest> {
  if (request === undefined) {
    return { url: '/', headers: {}, body: body === undefined ? Buffer.alloc(0) : await bytesOf(context, body) }
  }
  const read = readRequest((await bytesOf(context, request)).toString())
  if (typeof read === 'string') throw new WrongInput(`${request}: ${read}`)
  return body === undefined ? read : { ...read, body: await bytesOf(context, body) }
}

async function bytesOf(context: CliContext, path: string): Promise<Buffer> {
  try {
    return path === '-' ? Buffer.from(await context.stdin()) : await readFile(path)
  } catch (error) {
    throw new WrongInput(`file "${path}" cannot be read: ${describeError(error)}`)
  }
}

export async function readObjects(context: CliContext, files: readonly string[]): Promise<readonly New<AnyResource>[]> {
  const { stdin, config } = context
  const found = await readManifests({ files, config: [] }, { stdin, configNames: config.configNames })
  const problems = [...found.unreadable, ...found.problems]
  if (problems.length > 0) throw new WrongInput(problems.map(describeProblem).join('\nerror: '))
  return found.objects
}

export function extensionsOf({ extensions }: RequestOptions): Json {
  if (extensions === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse(extensions)
  } catch {
    throw new WrongInput('--extensions is no JSON: give an object such as {"branch": "main"}')
  }
  if (isRecord(json)) return json
  throw new WrongInput('--extensions is no JSON object: give one such as {"branch": "main"}')
}

export function bindingParams(objects: readonly New<AnyResource>[]) {
  const bindings = [...ofKind(objects, 'TriggerBinding'), ...ofKind(objects, 'ClusterTriggerBinding')]
  return bindings.flatMap(({ spec }) => spec.params ?? [])
}

export function listenerIn(objects: readonly New<AnyResource>[], name: string | undefined): EventListener {
  const listeners = ofKind(objects, 'EventListener')
  const found = listeners.filter(({ metadata }) => name === undefined || metadata.name === name)
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const names = listeners.map(({ metadata }) => metadata.name).join(', ')
  if (listeners.length === 0) throw new WrongInput('the files hold no EventListener')
  throw new WrongInput(
    only === undefined
      ? `the files hold no EventListener "${name}", but ${names}`
      : `the files hold several EventListeners (${names}): say which with --listener`,
  )
}
