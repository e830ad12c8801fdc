/** What was written, as the writers know it, and what a watcher must have seen of it. */

export interface LedgerEntry {
  readonly name: string
  readonly version: number
  /** Undefined when it was deleted. */
  readonly labels: { readonly app: string } | undefined
}

export interface SeenEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly name: string
  readonly version: number
}

/** For who selects one `app`, or everything. */
export function expectedEvents(ledger: readonly LedgerEntry[], app: string | undefined): readonly SeenEvent[] {
  const before = new Set<string>()
  return ledger.flatMap(({ name, version, labels }) => {
    const was = before.has(name)
    const is = labels !== undefined && (app === undefined || labels.app === app)
    if (is) before.add(name)
    else before.delete(name)
    if (!was && !is) return []
    return [{ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', name, version }] as const
  })
}
