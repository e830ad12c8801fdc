/** How long runs are kept when they have ended, and how many: of the installation, of a namespace, of one run. Pure. */
import { invalidValue, listed, type Problem, problem } from '../resources/problem.js'
import type { RunStatus } from '../resources/run-summary.js'

/** How a run ended. */
export type Outcome = Extract<RunStatus, 'succeeded' | 'failed' | 'cancelled'>

export interface RetentionRules {
  /** Seconds from the end of a run until its objects go; undefined where they stay. */
  readonly ttlSeconds: Readonly<Record<Outcome, number | undefined>>
  /** Of one Pipeline or Task so many; undefined for all of them. What was cancelled counts as failed. */
  readonly keepLast: { readonly succeeded: number | undefined; readonly failed: number | undefined }
  /** Seconds from the creation of a run until the archive forgets it; undefined for never. */
  readonly archiveTtlSeconds: number | undefined
}

const DAY = 24 * 60 * 60

/** Without an archive nothing goes unless somebody says so. */
export const KEEP_EVERYTHING: RetentionRules = {
  ttlSeconds: { succeeded: undefined, failed: undefined, cancelled: undefined },
  keepLast: { succeeded: undefined, failed: undefined },
  archiveTtlSeconds: undefined,
}

/** With an archive: what is listed, shown and searched does not change when objects go. */
export const WITH_AN_ARCHIVE: RetentionRules = {
  ttlSeconds: { succeeded: 7 * DAY, failed: 7 * DAY, cancelled: 7 * DAY },
  keepLast: { succeeded: 100, failed: 100 },
  archiveTtlSeconds: 90 * DAY,
}

/** As keys of the ConfigMap; below `tektite.dev/` they are annotations of Namespaces, and the first four of runs. */
export const RETENTION_KEYS = [
  'ttl-seconds-after-success',
  'ttl-seconds-after-failure',
  'ttl-seconds-after-cancel',
  'ttl-seconds-after-finished',
  'keep-last-success',
  'keep-last-failure',
  'archive-ttl-seconds',
] as const
export type RetentionKey = (typeof RETENTION_KEYS)[number]

export const TTL_KEYS: readonly RetentionKey[] = RETENTION_KEYS.slice(0, 4)
/** What is archived is kept for as long in all namespaces. */
export const NAMESPACE_KEYS: readonly RetentionKey[] = RETENTION_KEYS.slice(0, 6)

/** Of annotations. */
export const RETENTION_PREFIX = 'tektite.dev/'

/** More than a hundred years. */
const MOST = 4_000_000_000
const NEVER = 'never'

/** What may be written, in words. */
function expected(key: RetentionKey): string {
  const what = key.startsWith('keep-last') ? 'a number of runs' : 'a whole number of seconds'
  return `${what} from 0 to ${MOST}, or "${NEVER}"`
}

/** Undefined for what is none of these. Infinite for `never`. */
export function readRetention(text: string): number | undefined {
  if (text === NEVER) return Number.POSITIVE_INFINITY
  return /^\d{1,10}$/.test(text) && Number(text) <= MOST ? Number(text) : undefined
}

/** Wrong values, and keys that look as ours and are none. */
export function retentionProblems(
  values: Readonly<Record<string, unknown>> | undefined,
  path: string,
  keys: readonly RetentionKey[],
  prefix = RETENTION_PREFIX,
): readonly Problem[] {
  return Object.entries(values ?? {}).flatMap(([name, text]) => {
    const key = RETENTION_KEYS.find(each => prefix + each === name)
    const at = `${path}[${name}]`
    if (key === undefined) {
      const isMeant = prefix === '' ? !name.startsWith('_') : /^tektite\.dev\/(?:ttl|keep-|archive-ttl)/.test(name)
      return isMeant
        ? [problem(`${name} means nothing here`, at, { hint: `there are ${listed(keys.map(each => prefix + each))}` })]
        : []
    }
    if (!keys.includes(key)) {
      const where =
        key === 'archive-ttl-seconds' ? 'the ConfigMap tektite-config' : 'a Namespace, or the ConfigMap tektite-config'
      return [problem(`${name} means nothing here`, at, { hint: `it is of ${where}` })]
    }
    return typeof text === 'string' && readRetention(text) !== undefined
      ? []
      : [invalidValue(JSON.stringify(text), at, `write ${expected(key)}`)]
  })
}

/** What is set, by key. What is wrong counts for nothing: admission has said so, or nobody asked it. */
export type RetentionTexts = Readonly<Partial<Record<RetentionKey, string>>>

export function textsIn(values: Readonly<Record<string, string>> | undefined, prefix: string): RetentionTexts {
  const found = RETENTION_KEYS.flatMap(key => {
    const text = values?.[prefix + key]
    return text === undefined ? [] : [[key, text] as const]
  })
  return Object.fromEntries(found)
}

/** What the texts set, and else what held before. */
export function withRetention(before: RetentionRules, texts: RetentionTexts): RetentionRules {
  const read = (key: RetentionKey, otherwise: number | undefined): number | undefined => {
    const value = readRetention(texts[key] ?? '')
    if (value === undefined) return otherwise
    return Number.isFinite(value) ? value : undefined
  }
  const { ttlSeconds, keepLast } = before
  const finished = (outcome: Outcome) => read('ttl-seconds-after-finished', ttlSeconds[outcome])
  const failed = read('ttl-seconds-after-failure', finished('failed'))
  return {
    ttlSeconds: {
      succeeded: read('ttl-seconds-after-success', finished('succeeded')),
      failed,
      cancelled: read(
        'ttl-seconds-after-cancel',
        texts['ttl-seconds-after-failure'] === undefined ? finished('cancelled') : failed,
      ),
    },
    keepLast: {
      succeeded: read('keep-last-success', keepLast.succeeded),
      failed: read('keep-last-failure', keepLast.failed),
    },
    archiveTtlSeconds: read('archive-ttl-seconds', before.archiveTtlSeconds),
  }
}
