/**
 * The keys of every page. A page takes part by marking what it shows: `data-search` on its search field, `data-row` on each
 * link or button that `j` and `k` go through (Enter opens what has the focus, as everywhere).
 */
import { useEffect } from 'react'
import { PLACES } from './places.js'

export const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'Search'],
  ['j', 'Next row'],
  ['k', 'Row before'],
  ['Enter', 'Open the row'],
  ...PLACES.map(({ key, label }) => [`g ${key}`, `Go to ${label}`] as const),
  ['n', 'Switch the namespace'],
  ['?', 'This help'],
]

const SEQUENCE_MS = 1_500

export function useShortcuts({ go, help }: { readonly go: (path: string) => void; readonly help: () => void }): void {
  useEffect(() => {
    let afterG = 0
    function press(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      const place = event.timeStamp - afterG < SEQUENCE_MS ? PLACES.find(({ key }) => key === event.key) : undefined
      afterG = event.key === 'g' ? event.timeStamp : 0
      const act = place ? () => go(place.path) : actionOf(event.key, help)
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [go, help])
}

function actionOf(key: string, help: () => void): (() => void) | undefined {
  switch (key) {
    case '/':
      return () => focus('[data-search]')
    case 'n':
      return () => focus('[data-namespace]')
    case 'j':
      return () => moveRow(1)
    case 'k':
      return () => moveRow(-1)
    case '?':
      return help
    default:
      return undefined
  }
}

function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const row = at === -1 ? rows[0] : rows[at + step]
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
