/** `tektite trigger`: sends a signed delivery to a listener, as its git host would, and follows what comes of it. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describeError } from '../../lib/fault.js'
import type { DeliveryObject, ObjectReference } from '../../resources/deliveries.js'
import type { Key } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import type { EventListener } from '../../resources/triggers.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { deadline, pause } from '../../timers.js'
import { type Client, ClientError } from '../client/client.js'
import { exchange } from '../client/exchange.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { awaitDispatch, firedOnly, printDispatch } from '../follow-dispatch.js'
import { type Host, hostHeaders, namesEvent, withHeaders } from '../git-host-delivery.js'
import { findListener, guardsOf, readSecretValue, readsOf } from '../listener-guard.js'
import { referenceText } from '../print/deliveries.js'
import { printable, type Style, styleFor } from '../print/style.js'

export interface TriggerOptions {
  readonly engine: PlaceFlags
  /** Where the webhooks go, when `engine` does not say. */
  readonly hooks?: string
  /** `NAMESPACE/NAME`, or a name in `namespace`. */
  readonly listener?: string
  readonly namespace: string
  readonly event?: string
  /** A file, `-` for standard input. */
  readonly file: string
  readonly host?: Host
  readonly secret?: string
  /** Where it is in the engine. */
  readonly secretFrom?: { readonly namespace: string; readonly name: string; readonly key: string }
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** Until the runs have ended. Default: when a person is watching. */
  readonly wait?: boolean
  /** For everything after the sending. Milliseconds. */
  readonly timeoutMs: number
  readonly output?: 'json'
}

const POLL_MS = 200

/** 0: something fired, nothing failed; 1: not so; errors that are thrown: nothing was sent. */
export async function triggerCommand(context: CliContext, options: TriggerOptions): Promise<number> {
  const { config, stdout, stderr } = context
  const style = styleFor(stdout, config)
  const body = await readBody(context, options.file)
  const engine = await openClient(context, options.engine)
  const listener = await findListener(engine, options.listener, options.namespace)
  const { host, secret, said, guarded } = await signing(engine, listener, options)
  const { namespace, name } = listener.metadata
  const url = `${hooksOf(engine, options)}/hooks/${namespace}/${name}`

  const deliveryId = randomUUID()
  const { event } = options
  const known = { host, deliveryId, body, ...(event && { event }), ...(secret !== undefined && { secret }) }
  const headers = withHeaders(hostHeaders(known), options.headers)
  const answer = await exchange(url, { method: 'POST', headers, body }).catch((cause: unknown) => {
    throw new ClientError(0, `no listener answers at ${url}`, { cause })
  })
  stderr.write(`${style.dim('sent')}      ${body.length} bytes to ${url}, ${said}\n`)
  const eventId = eventIdIn(answer.body)
  if (answer.status !== 202 || eventId === undefined) {
    stderr.write(`error: answered with ${answer.status}: ${printable(messageIn(answer.body))}\n`)
    return 1
  }
  stderr.write(`${style.dim('answer')}    ${answer.status}, event id ${eventId}\n`)
  if (guarded && !namesEvent(headers)) {
    stderr.write('note: without --event no trigger that asks for an event type of its host fires\n')
  }

  try {
    return await follow(context, engine, { namespace, name: eventId }, options)
  } catch (error) {
    // It was sent: what is thrown from here on must not read as if it was not.
    stderr.write(`error: ${describeError(error)}\n`)
    return 1
  }
}

async function follow(context: CliContext, engine: Client, key: Key, options: TriggerOptions): Promise<number> {
  const { config, stdout, stderr } = context
  const { timeoutMs, output } = options
  const until = deadline(timeoutMs)
  const delivery = await awaitDispatch(context, engine, key, until, timeoutMs)
  if (delivery === undefined) return 1
  const { copies } = delivery.status
  if (copies > 1) {
    const wayOut = `for new ones: tektite deliveries replay ${key.name}`
    stderr.write(
      `${styleFor(stdout, config).dim('copy')}      it came ${copies} times, and a copy makes no runs; ${wayOut}\n`,
    )
  }
  printDispatch(context, delivery, output)
  const succeeded = await waitedFor(context, engine, delivery, until, options)
  return firedOnly(delivery) && succeeded ? 0 : 1
}

async function readBody({ stdin }: CliContext, file: string): Promise<Uint8Array> {
  if (file === '-') return Buffer.from(await stdin())
  return readFile(file).catch((cause: Error) => {
    throw new Error(`the payload cannot be read: ${cause.message}`)
  })
}

function hooksOf(engine: Client, { hooks = engine.hooks }: TriggerOptions): string {
  if (hooks !== undefined) return hooks.replace(/\/+$/, '')
  throw new ClientError(
    0,
    `${engine.said} does not say where webhooks go: give --hooks too, such as http://127.0.0.1:6480`,
  )
}

interface Signing {
  readonly host: Host
  readonly secret?: string
  /** For the user. */
  readonly said: string
  /** A trigger has an interceptor of this host. */
  readonly guarded: boolean
}

async function signing(engine: Client, listener: EventListener, options: TriggerOptions): Promise<Signing> {
  const guards = await guardsOf(readsOf(engine), listener)
  const { secret, secretFrom } = options
  const guard = guards.find(({ host }) => options.host === undefined || host === options.host)
  const host = options.host ?? guard?.host ?? 'github'
  const guarded = guard !== undefined
  if (secret !== undefined) return { host, secret, guarded, said: `signed as ${host} with --secret` }
  if (secretFrom !== undefined) {
    const { namespace, name, key } = secretFrom
    const value = await readSecretValue(engine, namespace, { secretName: name, secretKey: key })
    return { host, secret: value, guarded, said: `signed as ${host} with Secret ${namespace}/${name} key ${key}` }
  }
  if (guard?.ref === undefined) return { host, guarded, said: `as ${host}, not signed: no trigger asks for it` }
  const value = await readSecretValue(engine, guard.namespace, guard.ref)
  const name = `Secret ${guard.namespace}/${guard.ref.secretName} key ${guard.ref.secretKey}`
  const others = guards.filter(({ ref }) => ref !== undefined).length - 1
  const also = others > 0 ? ` (its triggers ask for ${others} more: --secret-from takes another)` : ''
  return { host, secret: value, guarded, said: `signed as ${host} with ${name}, which the listener asks for${also}` }
}

/** False when a run failed, or did not end in time. */
async function waitedFor(
  context: CliContext,
  engine: Client,
  { status }: DeliveryObject,
  until: AbortSignal,
  { wait = context.stdout.isTTY === true, timeoutMs }: TriggerOptions,
): Promise<boolean> {
  const { stdout, stderr, config } = context
  const style = styleFor(stdout, config)
  const runs = (status.created ?? []).filter(({ kind }) => kind === 'PipelineRun' || kind === 'TaskRun')
  if (!wait || runs.length === 0) return true
  const results = await Promise.all(
    runs.map(async reference => {
      const run = await ended(engine, reference, until)
      stderr.write(
        `${run === undefined ? `✘ ${referenceText(reference)}: ${missing(timeoutMs)}` : runLine(run, style)}\n`,
      )
      return run
    }),
  )
  const failed = results.filter(run => run !== undefined && succeededCondition(run)?.status === 'False')
  for (const run of failed) if (run !== undefined) await showFailure(context, engine, run)
  return results.every(run => run !== undefined && succeededCondition(run)?.status === 'True')
}

const SHOWN_LINES = 50

/** What one would look up next. */
async function showFailure(context: CliContext, engine: Client, run: PipelineRun | TaskRun): Promise<void> {
  const { showLogs } = await import('../logs/follow-logs.js')
  const filter = { tasks: [], steps: [], failedOnly: true, initContainers: false, tailLines: SHOWN_LINES }
  await showLogs({ ...context, stdout: context.stderr }, engine, run, {
    ...filter,
    follow: false,
    prefix: true,
    timestamps: false,
  })
}

function missing(timeoutMs: number): string {
  return `gone, or not ended within ${timeoutMs / 1_000}s`
}

/** Undefined when it is gone, or the time is over before its end. */
async function ended(
  engine: Client,
  { kind, namespace, name }: ObjectReference,
  until: AbortSignal,
): Promise<PipelineRun | TaskRun | undefined> {
  for (;;) {
    const run: PipelineRun | TaskRun | undefined =
      kind === 'PipelineRun'
        ? await engine.get('PipelineRun', { namespace, name })
        : await engine.get('TaskRun', { namespace, name })
    if (run === undefined || isDone(run)) return run
    if (until.aborted) return undefined
    await pause(POLL_MS, until)
  }
}

function runLine(run: PipelineRun | TaskRun, style: Style): string {
  const { status, reason = '', message = '' } = succeededCondition(run) ?? {}
  const { kind, metadata } = run
  const name = `${kind} ${metadata.namespace}/${printable(metadata.name)}`
  if (status === 'True') return `${style.green('✔')} ${name}  ${style.green(reason)}`
  return `${style.red('✘')} ${name}  ${style.red(reason)}\n     ${printable(message)}`
}

function eventIdIn(body: Buffer): string | undefined {
  const eventId = fieldOf(body, 'eventID')
  return eventId === '' ? undefined : eventId
}

function messageIn(body: Buffer): string {
  return fieldOf(body, 'errorMessage') || fieldOf(body, 'message') || body.toString().slice(0, 200)
}

function fieldOf(body: Buffer, name: string): string {
  try {
    const value = (JSON.parse(body.toString()) as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof value === 'string' ? value : ''
  } catch {
    // Whatever answered is no listener of ours.
    return ''
  }
}
