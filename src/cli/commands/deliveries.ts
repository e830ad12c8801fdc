/** `tektite deliveries`: what came in, what each trigger made of it, and once more. */
import { deadline } from '../../timers.js'
import { openClient } from '../client/open.js'
import type { PlaceFlags } from '../client/place.js'
import type { CliContext } from '../context.js'
import { findDelivery, getDelivery, listDeliveries, replayDelivery } from '../deliveries-api.js'
import { awaitDispatch, firedOnly, printDispatch } from '../follow-dispatch.js'
import { deliveryTable, deliveryText } from '../print/deliveries.js'
import { styleFor, widthOf } from '../print/style.js'

export interface ListDeliveriesOptions {
  readonly engine: PlaceFlags
  readonly namespace?: string
  readonly listener?: string
  readonly verdict?: string
  readonly limit: number
  readonly output?: 'json'
}

export async function listDeliveriesCommand(
  context: CliContext,
  { engine: flags, limit, output, ...filter }: ListDeliveriesOptions,
): Promise<number> {
  const { config, now, stdout, stderr } = context
  const engine = await openClient(context, flags)
  const items = await listDeliveries(engine, filter, limit)
  if (output === 'json') {
    stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2)}\n`)
  } else if (items.length === 0) {
    stderr.write('no deliveries\n')
  } else {
    const style = styleFor(stdout, config)
    stdout.write(deliveryTable(items, { now: now(), style, width: widthOf(stdout) }))
  }
  return 0
}

export interface ShowDeliveryOptions {
  readonly engine: PlaceFlags
  readonly id: string
  readonly namespace?: string
  readonly body: boolean
  readonly output?: 'json'
}

export async function showDeliveryCommand(
  context: CliContext,
  { engine: flags, id, namespace, body, output }: ShowDeliveryOptions,
): Promise<number> {
  const engine = await openClient(context, flags)
  const { metadata } = await findDelivery(engine, id, namespace)
  const delivery = await getDelivery(engine, metadata, { body })
  const { config, stdout } = context
  const style = styleFor(stdout, config)
  stdout.write(output === 'json' ? `${JSON.stringify(delivery, undefined, 2)}\n` : deliveryText(delivery, style))
  return 0
}

export interface ReplayDeliveryOptions {
  readonly engine: PlaceFlags
  readonly id: string
  readonly namespace?: string
  readonly timeoutMs: number
  readonly output?: 'json'
}

/** 0: something fired and nothing failed; 1: not so. */
export async function replayDeliveryCommand(
  context: CliContext,
  { engine: flags, id, namespace, timeoutMs, output }: ReplayDeliveryOptions,
): Promise<number> {
  const engine = await openClient(context, flags)
  const { metadata } = await findDelivery(engine, id, namespace)
  await replayDelivery(engine, metadata)
  const delivery = await awaitDispatch(context, engine, metadata, deadline(timeoutMs), timeoutMs)
  if (delivery === undefined) return 1
  printDispatch(context, delivery, output)
  return firedOnly(delivery) ? 0 : 1
}
