/** All runs, newest first. What is asked for is in the address: `?status=failed&search=…&pipeline=…`. */
import { useEffect, useState } from 'react'
import { useSearchParams } from 'wouter'
import type { RunStatus } from '../../api/runs.js'
import { Icon } from '../../components/icons.js'
import { Empty, Problem } from '../../components/states.js'
import { statusWord } from '../../components/status.js'
import { useNamespace } from '../../shell/namespace.js'
import { RunRows, RunRowsHead, RunRowsSkeleton } from './run-rows.js'
import { useRuns } from './use-runs.js'
import './runs.css'

const STATUSES: readonly RunStatus[] = ['running', 'queued', 'pending', 'succeeded', 'failed', 'cancelled']
/** What a link from elsewhere narrows the list to; shown as something to take away. */
const NARROWED = ['pipeline', 'task', 'trigger', 'kind', 'labelSelector'] as const

export function RunsPage() {
  const namespace = useNamespace()
  const [params, setParams] = useSearchParams()
  const search = params.get('search') ?? ''
  const statuses = STATUSES.filter(status => params.get('status')?.split(',').includes(status))
  const filter = Object.fromEntries(['search', ...NARROWED].map(name => [name, params.get(name) ?? undefined]))
  const { loaded, isStale, error, loadMore } = useRuns(namespace, filter, statuses)
  const narrowed = NARROWED.filter(name => params.has(name))
  const isFiltered = search !== '' || statuses.length > 0 || narrowed.length > 0

  function set(name: string, value: string, replace = false) {
    setParams(
      before => {
        const after = new URLSearchParams(before)
        if (value === '') after.delete(name)
        else after.set(name, value)
        return after
      },
      { replace },
    )
  }

  function toggle(status: RunStatus) {
    const chosen = statuses.includes(status) ? statuses.filter(each => each !== status) : [...statuses, status]
    set('status', chosen.join(','))
  }

  const all = loaded?.counts && Object.values(loaded.counts).reduce((sum, count) => sum + count, 0)
  return (
    <div className="page">
      <div className="page-head">
        <h1>Runs</h1>
      </div>
      <div className="runs-bar">
        <fieldset className="filters">
          <legend className="unseen">Status</legend>
          <Filter label="All" count={all} isPressed={statuses.length === 0} onPress={() => set('status', '')} />
          {STATUSES.map(status => (
            <Filter
              key={status}
              label={statusWord(status)}
              count={loaded?.counts?.[status]}
              isPressed={statuses.includes(status)}
              onPress={() => toggle(status)}
            />
          ))}
        </fieldset>
        <Search text={search} onSearch={text => set('search', text, true)} />
      </div>
      {narrowed.length > 0 && (
        <div className="actions narrowed">
          {narrowed.map(name => (
            <button key={name} type="button" className="button small" onClick={() => set(name, '')}>
              <span className="soft">{name}</span> {params.get(name)}
              <Icon name="close" size={12} />
              <span className="unseen">take this filter away</span>
            </button>
          ))}
        </div>
      )}
      <section
        aria-label="Runs"
        aria-busy={loaded === undefined || isStale}
        className={isStale ? 'rows stale' : 'rows'}
      >
        <RunRowsHead />
        {loaded === undefined && error !== undefined && <Problem error={error} />}
        {loaded === undefined && error === undefined && <RunRowsSkeleton />}
        {loaded?.items.length === 0 && (isFiltered ? <NoMatch /> : <NoRuns />)}
        {loaded !== undefined && loaded.items.length > 0 && (
          <RunRows runs={loaded.items} withNamespace={namespace === ''} onEnd={loadMore} remaining={loaded.remaining} />
        )}
      </section>
    </div>
  )
}

function Filter({
  label,
  count,
  isPressed,
  onPress,
}: {
  readonly label: string
  readonly count: number | undefined
  readonly isPressed: boolean
  readonly onPress: () => void
}) {
  return (
    <button type="button" className="filter" aria-pressed={isPressed} onClick={onPress}>
      {label}
      <span className="count">{count?.toLocaleString() ?? ''}</span>
    </button>
  )
}

const TYPING_MS = 150

function Search({ text, onSearch }: { readonly text: string; readonly onSearch: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const [told, setTold] = useState(text)
  // The address changed by other means: back, a link.
  if (text !== told) {
    setTold(text)
    setTyped(text)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed begins the wait
  useEffect(() => {
    if (typed === told) return
    const timer = setTimeout(() => {
      setTold(typed)
      onSearch(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <search className="search">
      <Icon name="search" size={14} />
      <input
        className="input"
        type="search"
        aria-label="Search runs"
        placeholder="Name, pipeline, label, message"
        spellCheck={false}
        maxLength={200}
        data-search
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      <kbd>/</kbd>
    </search>
  )
}

function NoMatch() {
  return (
    <Empty title="No run is like this">
      <p>Take a filter away, or search for less: words of the name, the pipeline, a label or the message.</p>
    </Empty>
  )
}

function NoRuns() {
  return (
    <Empty title="Nothing has run here yet">
      <p>
        Start a pipeline from its page, send a webhook to a listener, or run <code>tektite run -f pipeline.yaml</code>.
      </p>
    </Empty>
  )
}
