/** What is around every page: where one can go, which namespace, who one is, and the keys. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useMay } from '../api/access.js'
import { useIsConnectionLost } from '../api/connection.js'
import { signOut } from '../api/session.js'
import { Dialog } from '../components/dialog.js'
import { Icon } from '../components/icons.js'
import { Toasts } from '../components/toast.js'
import { NamespaceSwitch, useNamespace } from './namespace.js'
import { PLACES } from './places.js'
import { SHORTCUTS, useShortcuts } from './shortcuts.js'
import { useTheme } from './theme.js'

export function Shell({ children }: { readonly children: ReactNode }) {
  const [location, navigate] = useLocation()
  const namespace = useNamespace()
  const [isHelping, setHelping] = useState(false)
  const isLost = useIsConnectionLost()
  const main = useRef<HTMLElement>(null)
  const at = useCallback(
    (path: string) => (namespace === '' ? path : `${path}?namespace=${encodeURIComponent(namespace)}`),
    [namespace],
  )
  const go = useCallback((path: string) => navigate(at(path)), [navigate, at])
  const help = useCallback(() => setHelping(true), [])
  useShortcuts({ go, help })
  useTitle(location)
  return (
    <div className="shell">
      <button type="button" className="button skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header className="side">
        <Link className="brand" href={at('/runs')}>
          <Mark />
          <span className="only-wide">Tektite</span>
        </Link>
        <NamespaceSwitch />
        <nav aria-label="Pages">
          <ul>
            {PLACES.map(({ path, label, icon }) => (
              <li key={path}>
                <Link href={at(path)} aria-current={location.startsWith(path) ? 'page' : undefined}>
                  <Icon name={icon} />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <SideFoot onHelp={help} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {isLost && (
          <div className="connection" role="status">
            <Icon name="warning" size={14} />
            Connection lost. Trying again…
          </div>
        )}
        {children}
      </main>
      <Toasts />
      {isHelping && <Help onClose={() => setHelping(false)} />}
    </div>
  )
}

function SideFoot({ onHelp }: { readonly onHelp: () => void }) {
  const [theme, nextTheme] = useTheme()
  const icon = { system: 'system', light: 'sun', dark: 'moon' } as const
  return (
    <div className="side-foot">
      <ReadOnly />
      <span className="spread" />
      <button
        type="button"
        className="button quiet square only-wide"
        onClick={onHelp}
        title="Keys (?)"
        aria-label="Keys"
      >
        <Icon name="help" />
      </button>
      <button
        type="button"
        className="button quiet square"
        onClick={nextTheme}
        title={`Theme: ${theme}`}
        aria-label={`Theme: ${theme}`}
      >
        <Icon name={icon[theme]} />
      </button>
      <button
        type="button"
        className="button quiet square"
        onClick={() => signOut()}
        title="Sign out"
        aria-label="Sign out"
      >
        <Icon name="leave" />
      </button>
    </div>
  )
}

/** Said once, instead of a greyed button at each place. */
function ReadOnly() {
  const namespace = useNamespace()
  const may = useMay({ verb: 'create', group: 'tekton.dev', resource: 'pipelineruns', namespace })
  if (may) return null
  return (
    <span className="tag only-wide read-only" title="This token may look at everything here, and change nothing.">
      Read only
    </span>
  )
}

function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="dialog-body">
        <dl className="facts">
          {SHORTCUTS.map(([keys, what]) => (
            <div key={keys} className="keys">
              <dt>{what}</dt>
              <dd>
                {keys.split(' ').map(key => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}

export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M16 2 29 12 24 29 8 29 3 12Z" fill="#16a37b" />
      <path d="M16 2 20 14 16 29 12 14Z" fill="#0b6b51" />
    </svg>
  )
}

/** Until the page says something better of itself. */
function useTitle(location: string): void {
  useEffect(() => {
    const place = PLACES.find(({ path }) => location.startsWith(path))
    document.title = place === undefined ? 'Tektite' : `${place.label} · Tektite`
  }, [location])
}
