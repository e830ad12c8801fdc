/** One Pipeline or Task: what it is made of, what it takes, and how its runs went. */
import { useEffect } from 'react'
import { Link } from 'wouter'
import type { ParamSpec, TaskSpec } from '../../../../src/resources/tekton.js'
import { tektonPath } from '../../api/paths.js'
import { useRecentRuns } from '../../api/recent-runs.js'
import { useWatch } from '../../api/use.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { RunHistory } from '../history/run-history.js'
import { type Definition, type DefinitionKind, sizeText, WORDS } from './definition-kind.js'

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
        <nav aria-label="Where this is" className="crumbs">
          <Link className="link" href={`/${plural}`}>
            {title}
          </Link>
        </nav>
        <h1 className="one-line">{name}</h1>
        {definition && <span className="tag">{sizeText(definition)}</span>}
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
