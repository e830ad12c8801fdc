/** What was chosen in the tree or the graph: the log of a step, or what there is to know of a task or of the run. */
import type { Finding } from '../../../../src/explain/explanation.js'
import type { GraphNode } from '../../../../src/graph/graph.js'
import type { TaskRun } from '../../../../src/resources/tekton.js'
import { Empty } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { type Tab, Tabs } from '../../components/tabs.js'
import { Duration } from '../../components/time.js'
import { shownObject, Yaml } from '../../components/yaml.js'
import { Events } from './events.js'
import { summaryOf } from './run-status.js'
import { nodesOf, type Selection, type TabName } from './selection.js'
import { StepLog } from './step-log.js'
import type { LoadedRun, Shown } from './use-run.js'
import { Values } from './values.js'

const LABELS: Readonly<Record<TabName, string>> = {
  log: 'Log',
  values: 'Params and results',
  events: 'Events',
  yaml: 'YAML',
}

export function Panel({
  loaded,
  selected,
  select,
}: {
  readonly loaded: LoadedRun
  readonly selected: Selection
  readonly select: (change: Partial<Selection>) => void
}) {
  const { run, graph, explanation } = loaded
  const node = nodesOf(graph).find(({ id }) => id === selected.task)
  const shown = node === undefined || run.kind === 'TaskRun' ? run : childNamed(loaded, selected.taskRun)
  const taskRun = shown?.kind === 'TaskRun' ? shown : undefined
  const names: readonly TabName[] =
    shown?.kind === 'TaskRun' ? ['log', 'values', 'events', 'yaml'] : ['values', 'events', 'yaml']
  const tab = names.includes(selected.tab) ? selected.tab : (names[0] ?? 'values')
  const tabs: readonly Tab<TabName>[] = names.map(name => ({ name, label: LABELS[name] }))
  return (
    <section className="card panel" aria-label={node?.name ?? 'Whole run'}>
      <PanelHead node={node} taskRun={taskRun} />
      {shown === undefined ? (
        <NotRun node={node} finding={explanation?.findings.find(({ about }) => about === node?.id)} />
      ) : (
        <Tabs label="What to see of it" tabs={tabs} chosen={tab} onChoose={name => select({ tab: name })}>
          {tab === 'log' && taskRun !== undefined && (
            <StepLog loaded={loaded} taskRun={taskRun} selected={selected} select={select} />
          )}
          {tab === 'values' && <Values run={shown} />}
          {tab === 'events' && <Events loaded={loaded} about={shown} />}
          {tab === 'yaml' && <Yaml value={shownObject(shown)} name={shown.metadata.name} />}
        </Tabs>
      )}
    </section>
  )
}

function childNamed({ taskRuns, customRuns, pipelineRuns }: LoadedRun, name: string): Shown | undefined {
  return [...taskRuns, ...customRuns, ...pipelineRuns].find(({ metadata }) => metadata.name === name)
}

function PanelHead({ node, taskRun }: { readonly node: GraphNode | undefined; readonly taskRun: TaskRun | undefined }) {
  const state = taskRun && summaryOf(taskRun)
  return (
    <div className="panel-head">
      <h2 className="one-line">{node === undefined ? 'Whole run' : (node.displayName ?? node.name)}</h2>
      {node !== undefined && (
        <>
          <StatusText status={node.status} />
          <span className="soft">
            {node.startedAt !== undefined && <Duration from={node.startedAt} to={node.completedAt} />}
          </span>
          {taskRun !== undefined && (
            <span className="small faint one-line mono" title={taskRun.metadata.name}>
              {taskRun.metadata.name}
            </span>
          )}
          {state?.status === 'failed' && <p className="panel-message soft">{state.message}</p>}
        </>
      )}
    </div>
  )
}

function NotRun({ node, finding }: { readonly node: GraphNode | undefined; readonly finding: Finding | undefined }) {
  const isSkipped = node?.status === 'skipped'
  const why = isSkipped ? node.skippedReason : (node?.message ?? 'It begins when the tasks before it have ended.')
  return (
    <Empty title={isSkipped ? 'This task was skipped' : 'Nothing of this task yet'}>
      <p>{finding?.text ?? why}</p>
      {finding?.wayOut !== undefined && <p className="small">{finding.wayOut}</p>}
    </Empty>
  )
}
