/** What came of a delivery, in the dashboard's statuses. Pure. */
import type { DeliveryObject, DispatchStatus, TriggerStatus } from '../../../../src/resources/deliveries.js'
import type { Status } from '../../components/status.js'

export interface ShownVerdict {
  readonly status: Status
  readonly text: string
}

export function verdictOf({ phase, verdicts }: DispatchStatus): ShownVerdict {
  switch (phase) {
    case 'Pending':
      return { status: 'running', text: 'Pending' }
    case 'Rejected':
      return { status: 'failed', text: 'Rejected' }
    case 'GivenUp':
      return { status: 'failed', text: 'Given up' }
    case 'Dispatched': {
      const { fired = 0, filtered = 0, failed = 0 } = verdicts ?? {}
      if (failed > 0) return { status: 'failed', text: fired > 0 ? `Failed, ${fired} fired` : 'Failed' }
      if (fired > 0) return { status: 'succeeded', text: fired === 1 ? 'Fired' : `${fired} fired` }
      return { status: 'skipped', text: filtered > 0 ? 'Filtered' : 'No trigger' }
    }
    default:
      throw new Error(`unknown phase ${JSON.stringify(phase satisfies never)}`)
  }
}

const OF_TRIGGER: Readonly<Record<TriggerStatus['verdict'], ShownVerdict>> = {
  fired: { status: 'succeeded', text: 'Fired' },
  filtered: { status: 'skipped', text: 'Filtered' },
  failed: { status: 'failed', text: 'Failed' },
  rejected: { status: 'failed', text: 'Rejected' },
}

export function triggerVerdict({ verdict }: Pick<TriggerStatus, 'verdict'>): ShownVerdict {
  return OF_TRIGGER[verdict]
}

export function deliveryHref({ metadata }: DeliveryObject): string {
  return `/deliveries/${encodeURIComponent(metadata.namespace)}/${encodeURIComponent(metadata.name)}`
}

/** A replay dispatches what was kept: of some nothing was, and of some it is under way. */
export function canReplay({ status }: DeliveryObject): boolean {
  return status.phase === 'Dispatched' || status.phase === 'GivenUp'
}
