/** Kubernetes writes times as RFC 3339 with whole seconds, UTC. */
export function toTimestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}

/** Epoch ms. NaN when the text is no time. */
export function fromTimestamp(timestamp: string): number {
  return Date.parse(timestamp)
}
