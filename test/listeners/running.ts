/** The listener process of production in this one: webhook front, inbox and dispatcher, on a real port. */
import { createHmac, randomUUID } from 'node:crypto'
import { expect, onTestFinished, vi } from 'vitest'
import { startListeners } from '../../listeners/listeners.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DeliveryRecord } from '../../src/inbox/inbox.js'
import { send } from './http.js'
import { inboxFor, recordingLog } from './world.js'

const PATIENCE = { timeout: 60_000, interval: 20 }

export async function runListeners(cluster: Cluster) {
  const { lines, log } = recordingLog()
  const inbox = inboxFor()
  const listeners = await startListeners(
    { cluster, inbox, admission: () => ({}), log, now: Date.now, newEventId: randomUUID },
    { port: 0, host: '127.0.0.1' },
  )
  onTestFinished(() => listeners.close())

  const ids: string[] = []

  /** As GitHub would send it; resolves once it is answered 202. */
  async function deliver(listener: string, event: string, body: string, secret: string): Promise<void> {
    const id = randomUUID()
    const { status, text } = await send(listeners.port, `/hooks/${listener}`, {
      headers: {
        'Content-Type': 'application/json',
        'X-GitHub-Event': event,
        'X-GitHub-Delivery': id,
        'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
      body,
    })
    expect([status, text]).toEqual([202, expect.stringContaining('"eventID"')])
    ids.push(`${listener}/x-github-delivery/${id}`)
  }

  /** Every delivery so far, once each has its verdicts. */
  async function dispatched(): Promise<readonly DeliveryRecord[]> {
    const records: DeliveryRecord[] = []
    for (const id of ids) {
      const record = await vi.waitFor(async () => {
        const found = await inbox.get(id)
        expect(found?.state.is).not.toBe('pending')
        return found
      }, PATIENCE)
      if (record === undefined) throw new Error(`delivery ${id} was answered and is not there`)
      records.push(record)
    }
    return records
  }

  return { deliver, dispatched, lines }
}
