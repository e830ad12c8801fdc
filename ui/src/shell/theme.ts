/** Light, dark, or as the system is. Kept in this browser; tokens.css does the rest. */
import { useSyncExternalStore } from 'react'

const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'tektite.theme'
const listeners = new Set<() => void>()

export function currentTheme(): Theme {
  return THEMES.find(theme => theme === localStorage.getItem(KEY)) ?? 'system'
}

/** Once before anything is drawn, and with each change. */
export function applyTheme(theme = currentTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

export function useTheme(): readonly [Theme, () => void] {
  const theme = useSyncExternalStore(listener => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentTheme)
  function next() {
    const chosen = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
    localStorage.setItem(KEY, chosen)
    applyTheme(chosen)
    for (const listener of listeners) listener()
  }
  return [theme, next]
}
