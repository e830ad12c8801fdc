import type { LogPlace } from '../src/archive/archive.js'
import type { LogStore } from '../src/logs/log-store.js'
import { type RetentionRules, type RetentionTexts, withRetention } from '../src/retention/rules.js'
import type { Settings } from '../src/run/settings.js'

/** Of the installation, as they are now: the same object until something changes. */
export function retentionRules(settings: () => Settings, base: RetentionRules): () => RetentionRules {
  let texts: RetentionTexts | undefined
  let rules = base
  return () => {
    const { retention } = settings()
    if (retention !== texts) {
      texts = retention
      rules = withRetention(base, texts ?? {})
    }
    return rules
  }
}

export function removingLogs(logs: Pick<LogStore, 'remove'>): (places: readonly LogPlace[]) => Promise<void> {
  return async places => {
    for (const { namespace, pod, podUid } of places) await logs.remove({ namespace, pod, podUid })
  }
}
