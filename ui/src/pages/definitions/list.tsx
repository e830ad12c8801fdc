import { useMemo } from 'react'
import { Link } from 'wouter'
import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { tektonPath } from '../../api/paths.js'
import { useRecentRuns } from '../../api/recent-runs.js'
import { useWatch } from '../../api/use.js'
import { Command } from '../../components/command.js'
import { SearchField } from '../../components/search-field.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusIcon, statusWord } from '../../components/status.js'
import { Ago } from '../../components/time.js'
import { useParameter } from '../../components/use-parameter.js'
import { useNamespace } from '../../shell/namespace.js'
import { Sparkline } from '../history/sparkline.js'
import { type Definition, type DefinitionKind, definitionHref, sizeText, WORDS } from './definition-kind.js'
import { useOwnRuns } from './use-own-runs.js'

/** Of all of them together; what has not run among these is asked for by itself. */
const RECENT_RUNS = 500

export function DefinitionListPage({ kind }: { readonly kind: DefinitionKind }) {
  const { plural, title, field, example } = WORDS[kind]
  const namespace = useNamespace()
  const [search, setSearch] = useParameter('search')
  const { items, error } = useWatch<Definition>(tektonPath(plural, namespace))
  const runs = useRecentRuns(namespace, { kind: `${kind}Run` }, RECENT_RUNS)
  const byName = useMemo(() => grouped(runs.items ?? [], field), [runs.items, field])
  const shown = items?.filter(each => isSought(each, search)).sort(byNamespaceAndName)
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title}</h1>
      </div>
      <div className="list-bar">
        <span className="soft">{items && `${items.length} ${items.length === 1 ? plural.slice(0, -1) : plural}`}</span>
        <SearchField label={`Search ${plural}`} placeholder="Name, description" text={search} onSearch={setSearch} />
      </div>
      {items === undefined && error !== undefined ? (
        <Problem error={error} />
      ) : (
        <section className="rows" aria-label={title} aria-busy={items === undefined}>
          <div className="rows-head definition-row" aria-hidden="true">
            <span>Name</span>
            <span>Description</span>
            <span>Size</span>
            <span>Last 20 runs</span>
            <span className="right">Last run</span>
          </div>
          {items === undefined && <RowsSkeleton />}
          {items?.length === 0 && (
            <Empty title={`There is no ${kind} here yet`}>
              <p>
                {kind === 'Pipeline'
                  ? 'Write one for the repository at hand, or apply one of yours with kubectl.'
                  : 'A Task is a list of steps that run in one Pod. Apply one of yours with kubectl.'}
              </p>
              <Command text={example} />
            </Empty>
          )}
          {items !== undefined && items.length > 0 && shown?.length === 0 && (
            <Empty title={`No ${kind} is like this`}>
              <p>Search for less: words of the name or the description.</p>
            </Empty>
          )}
          <ul>
            {shown?.map(definition => (
              <li key={definition.metadata.uid}>
                <DefinitionRow
                  kind={kind}
                  definition={definition}
                  withNamespace={namespace === ''}
                  recent={byName.get(`${definition.metadata.namespace}/${definition.metadata.name}`)}
                  mayHaveOlder={runs.items !== undefined && runs.older > 0}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function DefinitionRow({
  kind,
  definition,
  withNamespace,
  recent,
  mayHaveOlder,
}: {
  readonly kind: DefinitionKind
  readonly definition: Definition
  readonly withNamespace: boolean
  readonly recent: readonly RunSummary[] | undefined
  readonly mayHaveOlder: boolean
}) {
  const { name, namespace = '' } = definition.metadata
  const older = useOwnRuns(recent === undefined && mayHaveOlder ? { kind, namespace, name } : undefined)
  const runs = recent ?? older ?? []
  const last = runs[0]
  return (
    <Link className="row definition-row" href={definitionHref(kind, definition)} data-row>
      <span className="definition-name one-line">
        {withNamespace && <span className="faint">{namespace} / </span>}
        {name}
      </span>
      <span className="definition-about one-line soft">{definition.spec.description ?? ''}</span>
      <span className="definition-size one-line soft">{sizeText(definition)}</span>
      <span className="definition-runs">
        <Sparkline runs={runs} />
      </span>
      <span className="definition-last right soft">
        {last === undefined ? (
          <span className="faint">never</span>
        ) : (
          <>
            <StatusIcon status={last.status} size={14} />
            <span className="unseen">{statusWord(last.status)}</span> <Ago time={last.createdAt} />
          </>
        )}
      </span>
    </Link>
  )
}

function grouped(runs: readonly RunSummary[], field: 'pipeline' | 'task'): ReadonlyMap<string, readonly RunSummary[]> {
  const groups = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const name = run[field]
    if (name === undefined) continue
    const key = `${run.namespace}/${name}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [run])
    else group.push(run)
  }
  return groups
}

function isSought({ metadata, spec }: Definition, search: string): boolean {
  const text = `${metadata.namespace}/${metadata.name} ${spec.description ?? ''}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}

function byNamespaceAndName(a: Definition, b: Definition): number {
  const [first, second] = [a, b].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  return (first ?? '').localeCompare(second ?? '')
}

function RowsSkeleton() {
  return (
    <ul>
      {['a', 'b', 'c', 'd', 'e', 'f'].map(key => (
        <li key={key}>
          <div className="row definition-row">
            <Skeleton width={130} />
            <Skeleton width={220} />
            <Skeleton width={60} />
            <Skeleton width={118} />
          </div>
        </li>
      ))}
    </ul>
  )
}
