/** What went in and what came out. */
import type { Param, ParamValue, TaskRun, WorkspaceBinding } from '../../../../src/resources/tekton.js'
import { CopyButton } from '../../components/copy.js'
import { yamlText } from '../../components/yaml-lines.js'
import type { Shown } from './use-run.js'

export function Values({ run }: { readonly run: Shown }) {
  const { params = [], workspaces = [] } = run.spec as Pick<TaskRun['spec'], 'params' | 'workspaces'>
  const results: readonly Param[] = run.status?.results ?? []
  const facts = [
    ['Service account', accountOf(run)],
    ['Pod', run.kind === 'TaskRun' ? run.status?.podName : undefined],
    ['Failure', run.metadata.annotations?.['tektite.dev/failure-class']],
  ].filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '')
  return (
    <div className="values">
      <ValueTable title="Results" none="It has given no results." values={results} />
      <ValueTable title="Params" none="It takes no params." values={params} />
      {workspaces.length > 0 && (
        <ValueTable
          title="Workspaces"
          none=""
          values={workspaces.map(workspace => ({ name: workspace.name, value: sourceOf(workspace) }))}
        />
      )}
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name} className="keys">
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}

function accountOf(run: Shown): string | undefined {
  if (run.kind === 'TaskRun') return run.spec.serviceAccountName
  return run.kind === 'PipelineRun' ? run.spec.taskRunTemplate?.serviceAccountName : undefined
}

function ValueTable({
  title,
  values,
  none,
}: {
  readonly title: string
  readonly values: readonly { readonly name: string; readonly value: ParamValue }[]
  readonly none: string
}) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {values.length === 0 ? (
        <p className="faint">{none}</p>
      ) : (
        <ul className="value-list">
          {values.map(({ name, value }) => (
            <li key={name}>
              <span className="mono soft value-name">{name}</span>
              <pre className="value-text">{textOf(value)}</pre>
              <CopyButton text={textOf(value)} what={name} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function textOf(value: ParamValue): string {
  return typeof value === 'string' ? value : yamlText(value).trimEnd()
}

/** Which kind of volume, and its name where it has one. */
function sourceOf({ name: _, subPath, ...source }: WorkspaceBinding): string {
  const [kind = 'emptyDir', detail] = Object.entries(source)[0] ?? []
  const named = detail as { claimName?: string; name?: string; secretName?: string } | undefined
  const name = named?.claimName ?? named?.secretName ?? named?.name
  return [kind, name, subPath && `/${subPath}`].filter(Boolean).join(' ')
}
