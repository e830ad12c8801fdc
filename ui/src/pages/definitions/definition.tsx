/** One Pipeline or Task: what it is made of, what it takes, and how its runs went. */
import { lazy, Suspense, useEffect, useState } from 'react'
import type { RunGraph } from '../../../../src/graph/graph.js'
import type { ParamSpec, TaskSpec } from '../../../../src/resources/tekton.js'
import { ownPath, tektonPath } from '../../api/paths.js'
import { useRecentRuns } from '../../api/recent-runs.js'
import { useGet, useWatch } from '../../api/use.js'
import { Crumbs } from '../../components/crumbs.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { useIsNarrow } from '../../components/use-is-narrow.js'
import type { Startable } from '../../start/run-of-form.js'
import { StartButton } from '../../start/start-button.js'
import { RunHistory } from '../history/run-history.js'
import { dagHeight } from '../run/dag/dag-height.js'
import { type Definition, type DefinitionKind, sizeText, WORDS } from './definition-kind.js'

// The drawing of graphs is as big as all the rest.
const Dag = lazy(() => import('../run/dag/dag.js').then(({ Dag }) => ({ default: Dag })))

export function DefinitionPage({
  kind,
  namespace,
  name,
}: {
  readonly kind: DefinitionKind
  readonly namespace: string
  readonly name: string
}) {
  const { plural, title, field } = WORDS[kind]
  const { items, error } = useWatch<Definition>(tektonPath(plural, namespace), {
    fieldSelector: `metadata.name=${name}`,
  })
  const runs = useRecentRuns(namespace, { [field]: name, kind: `${kind}Run` })
  const definition = items?.[0]
  useEffect(() => {
    document.title = `${name} · Tektite`
  }, [name])
  const all = `/runs?namespace=${encodeURIComponent(namespace)}&${field}=${encodeURIComponent(name)}`
  return (
    <div className="page">
      <div className="page-head">
        <Crumbs path={`/${plural}`} label={title} namespace={namespace} />
        <h1 className="one-line">{name}</h1>
        {definition && <span className="tag">{sizeText(definition)}</span>}
        {definition && (
          <span className="actions">
            <StartButton of={{ ...definition, kind } as Startable} />
          </span>
        )}
      </div>
      {items === undefined && error !== undefined && <Problem error={error} />}
      {items === undefined && error === undefined && <Skeleton width="100%" />}
      {items !== undefined && definition === undefined && (
        <Empty title={`There is no such ${kind}`}>
          <p>
            {namespace}/{name} was deleted, or never was. Its runs may still be there.
          </p>
        </Empty>
      )}
      <div className="definition">
        {definition?.spec.description && <p className="definition-description soft">{definition.spec.description}</p>}
        {definition && kind === 'Pipeline' && (
          <Graph namespace={namespace} name={name} version={definition.metadata.resourceVersion} />
        )}
        {definition && (
          <div className="definition-parts">
            <Params params={definition.spec.params ?? []} />
            {kind === 'Task' && <Steps steps={(definition.spec as TaskSpec).steps ?? []} />}
            <Workspaces workspaces={definition.spec.workspaces ?? []} />
          </div>
        )}
        <RunHistory
          runs={runs.items}
          problem={runs.error}
          empty={`This ${kind} has not run yet.`}
          {...(runs.older > 0 && { allHref: all })}
        />
      </div>
    </div>
  )
}

/** @param version a change of it is a change of the graph */
function Graph({
  namespace,
  name,
  version,
}: {
  readonly namespace: string
  readonly name: string
  readonly version: string
}) {
  const { data, error, reload } = useGet<RunGraph>(ownPath('pipelines', namespace, name, 'graph'))
  const isNarrow = useIsNarrow()
  const [selected, setSelected] = useState('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what makes it read again
  useEffect(reload, [version])
  if (error !== undefined) return <Problem error={error} retry={reload} />
  return (
    <section
      className="card dag definition-graph"
      aria-label="Graph"
      style={{ height: data === undefined || isNarrow ? 320 : dagHeight(data, 1200) }}
    >
      {data !== undefined && (
        <Suspense>
          <Dag graph={data} selected={selected} onSelect={setSelected} direction={isNarrow ? 'TB' : 'LR'} isPlan />
        </Suspense>
      )}
    </section>
  )
}

function Params({ params }: { readonly params: readonly ParamSpec[] }) {
  return (
    <section className="card" aria-labelledby="params">
      <div className="card-head">
        <h2 id="params">Params</h2>
      </div>
      {params.length === 0 && <p className="card-body soft">It takes none.</p>}
      {params.length > 0 && (
        <dl className="params card-body">
          {params.map(({ name, type = 'string', default: otherwise, description }) => (
            <div key={name}>
              <dt>
                <code>{name}</code> <span className="faint small">{type}</span>
                {otherwise === undefined ? (
                  <span className="tag">required</span>
                ) : (
                  <code className="soft one-line">
                    = {typeof otherwise === 'string' ? otherwise || '""' : JSON.stringify(otherwise)}
                  </code>
                )}
              </dt>
              {description && <dd className="soft">{description}</dd>}
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}

function Steps({ steps }: { readonly steps: readonly { readonly name?: string; readonly image?: string }[] }) {
  return (
    <section className="card" aria-labelledby="steps">
      <div className="card-head">
        <h2 id="steps">Steps</h2>
      </div>
      <ol className="params card-body">
        {steps.map(({ name, image }, at) => (
          <li key={name ?? `step ${at}`}>
            <code>{name ?? `unnamed-${at}`}</code> <span className="soft small one-line">{image}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Workspaces({
  workspaces,
}: {
  readonly workspaces: readonly { readonly name: string; readonly description?: string; readonly optional?: boolean }[]
}) {
  if (workspaces.length === 0) return null
  return (
    <section className="card" aria-labelledby="workspaces">
      <div className="card-head">
        <h2 id="workspaces">Workspaces</h2>
      </div>
      <dl className="params card-body">
        {workspaces.map(({ name, description, optional }) => (
          <div key={name}>
            <dt>
              <code>{name}</code> {optional && <span className="tag">optional</span>}
            </dt>
            {description && <dd className="soft">{description}</dd>}
          </div>
        ))}
      </dl>
    </section>
  )
}
