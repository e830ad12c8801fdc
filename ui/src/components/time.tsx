/** Times as people say them. All of them on a page tick together, once a second, and only while something ticks. */
import { useSyncExternalStore } from 'react'

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Milliseconds, whole seconds apart. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

/** `<1s`, `3s`, `4m 12s`, `2h 5m`, `3d 4h`: at most two units. Most times are kept in whole seconds only. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return '<1s'
  const seconds = Math.floor(milliseconds / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return two(days, 'd', hours, 'h')
  if (hours > 0) return two(hours, 'h', minutes, 'm')
  if (minutes > 0) return two(minutes, 'm', seconds % 60, 's')
  return `${seconds}s`
}

function two(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit} ${second}${smaller}`
}

/** `just now`, `4 min ago`, `2 h ago`, `3 d ago`, then the date; `in 5 min` for what is to come. */
export function agoText(then: number, at: number): string {
  const seconds = Math.round((at - then) / 1000)
  const [size, ahead] = [Math.abs(seconds), seconds < 0]
  if (size < 5) return ahead ? 'in a moment' : 'just now'
  const text =
    size < 60
      ? `${size} s`
      : size < 3600
        ? `${Math.round(size / 60)} min`
        : size < 86_400
          ? `${Math.round(size / 3600)} h`
          : `${Math.round(size / 86_400)} d`
  if (size >= 30 * 86_400) return new Date(then).toLocaleDateString(undefined, { dateStyle: 'medium' })
  return ahead ? `in ${text}` : `${text} ago`
}

/** RFC 3339. The whole date is in its title. */
export function Ago({ time }: { readonly time: string }) {
  const at = useNow()
  return (
    <time className="numeric" dateTime={time} title={wholeTime(time)}>
      {agoText(Date.parse(time), at)}
    </time>
  )
}

/** Of what began and, perhaps, ended; ticks until then. Both RFC 3339. */
export function Duration({ from, to }: { readonly from: string | undefined; readonly to?: string | undefined }) {
  if (from === undefined) return <span className="faint">–</span>
  if (to === undefined) return <Ticking from={from} />
  return <span className="numeric">{durationText(Date.parse(to) - Date.parse(from))}</span>
}

function Ticking({ from }: { readonly from: string }) {
  const at = useNow()
  return <span className="numeric">{durationText(at - Date.parse(from))}</span>
}

export function wholeTime(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })
}
