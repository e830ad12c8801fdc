/** Labels and annotations that a PipelineRun takes over from its Pipeline, and `tekton.dev/pipeline`. */
import type { PipelineRun } from '../resources/tekton.js'
import type { Decision, PipelineRunWorld } from './decision.js'

const MAX_LABEL_VALUE = 63

type Metadata = Pick<Decision<unknown>, 'labels' | 'annotations'>

/** Only what the run does not have yet: its own wins. Empty when there is nothing to add. */
export function gainedMetadata(run: PipelineRun, { pipeline }: PipelineRunWorld): Metadata {
  const from = pipeline.is === 'found' ? pipeline.from : undefined
  const labels = lacking(run.metadata.labels, {
    ...from?.labels,
    'tekton.dev/pipeline': pipelineLabel(run, from?.name),
  })
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = from?.annotations ?? {}
  const added = lacking(run.metadata.annotations, annotations)
  return { ...(labels && { labels }), ...(added && { annotations: added }) }
}

/** What children inherit: all that the run has after this pass. */
export function inheritedMetadata(run: PipelineRun, gained: Metadata): Required<Metadata> {
  return {
    labels: { 'tekton.dev/pipeline': pipelineLabel(run, undefined), ...gained.labels, ...run.metadata.labels },
    annotations: { ...gained.annotations, ...run.metadata.annotations },
  }
}

/** The Pipeline's name; of an inline pipeline, what all runs of the same generated name share. */
function pipelineLabel(run: PipelineRun, resolved: string | undefined): string {
  const generated = run.metadata.generateName?.slice(0, MAX_LABEL_VALUE).replace(/[^a-zA-Z0-9]+$/, '')
  const name = resolved || run.spec.pipelineRef?.name || generated || run.metadata.name
  return name.slice(0, MAX_LABEL_VALUE).replace(/[^a-zA-Z0-9]+$/, '')
}

function lacking(
  own: Readonly<Record<string, string>> | undefined,
  offered: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const added = Object.entries(offered).filter(([key]) => own?.[key] === undefined)
  return added.length === 0 ? undefined : Object.fromEntries(added)
}
