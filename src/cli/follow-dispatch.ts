/** What commands that make deliveries say of how they ended. */
import type { DeliveryObject } from '../resources/deliveries.js'
import type { Client } from './client/client.js'
import type { CliContext } from './context.js'
import { dispatched } from './deliveries-api.js'
import { dispatchLines } from './print/deliveries.js'
import { styleFor } from './print/style.js'

/** Waits until it is dispatched. Undefined, and said, when it is not when `until` is over: `timeoutMs` is for the message. */
export async function awaitDispatch(
  { stderr }: CliContext,
  engine: Client,
  key: Pick<DeliveryObject['metadata'], 'namespace' | 'name'>,
  until: AbortSignal,
  timeoutMs: number,
): Promise<DeliveryObject | undefined> {
  const delivery = await dispatched(engine, key, until)
  if (delivery !== undefined && delivery.status.phase !== 'Pending') return delivery
  const wayOut = `the engine goes on trying; see: tektite deliveries show ${key.name}`
  stderr.write(`error: not dispatched within ${timeoutMs / 1_000}s: ${wayOut}\n`)
  return undefined
}

export function printDispatch({ config, stdout }: CliContext, delivery: DeliveryObject, output?: 'json'): void {
  const lines =
    output === 'json'
      ? [JSON.stringify(delivery, undefined, 2)]
      : dispatchLines(delivery.status, styleFor(stdout, config))
  stdout.write(`${lines.join('\n')}\n`)
}

export function firedOnly({ status: { verdicts } }: DeliveryObject): boolean {
  return verdicts !== undefined && verdicts.fired > 0 && verdicts.failed === 0
}
