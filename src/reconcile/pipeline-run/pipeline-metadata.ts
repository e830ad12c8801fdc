/** Labels and annotations that a PipelineRun takes over from its Pipeline, and `tekton.dev/pipeline`. */
import type { PipelineRun, Reference } from '../../resources/tekton.js'
import type { Decision, PipelineRunWorld } from '../decision.js'

export const PIPELINE_LABEL = 'tekton.dev/pipeline'

const MAX_LABEL_VALUE = 63

type Metadata = Pick<Decision<unknown>, 'labels' | 'annotations'>

/**
 * Only what the run does not have yet: its own wins. But what `tekton.dev/pipeline` says is for the pipeline to say.
 * Empty when there is nothing to add.
 */
export function gainedMetadata(run: PipelineRun, pipeline: PipelineRunWorld['pipeline'] | undefined): Metadata {
  const from = pipeline?.is === 'found' ? pipeline.from : undefined
  const { [PIPELINE_LABEL]: own, ...others } = run.metadata.labels ?? {}
  const label = pipelineLabel(run, pipeline !== undefined, from?.name)
  const labels = lacking(
    { ...others, ...(own === label && { [PIPELINE_LABEL]: label }) },
    { ...from?.labels, [PIPELINE_LABEL]: label },
  )
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = from?.annotations ?? {}
  const added = lacking(run.metadata.annotations, annotations)
  return { ...(labels && { labels }), ...(added && { annotations: added }) }
}

/** What children inherit: all that the run has after this pass. */
export function inheritedMetadata(run: PipelineRun, gained: Metadata): Required<Metadata> {
  return {
    labels: { [PIPELINE_LABEL]: pipelineLabel(run, false, undefined), ...run.metadata.labels, ...gained.labels },
    annotations: { ...gained.annotations, ...run.metadata.annotations },
  }
}

/**
 * The Pipeline's name, whatever label there was, as soon as it is known; of an inline pipeline the run's, or what all runs
 * of the same generated name share unless the label was set by hand.
 */
function pipelineLabel(run: PipelineRun, isResolved: boolean, resolved: string | undefined): string {
  const { name, generateName, labels } = run.metadata
  const { pipelineRef } = run.spec
  if (isResolved && (resolved || !pipelineRef) && !(generateName && !pipelineRef)) return labelValue(resolved || name)
  const generated = pipelineRef ? '' : labelValue(generateName ?? '')
  return labels?.[PIPELINE_LABEL] ?? labelValue(pipelineRef?.name || namedByResolver(pipelineRef) || generated || name)
}

/** The cluster resolver is asked for a Pipeline by name. */
function namedByResolver(reference: Reference | undefined): string | undefined {
  const param = (name: string) => reference?.params?.find(one => one.name === name)?.value
  const name = param('kind') === 'pipeline' ? param('name') : undefined
  return typeof name === 'string' ? name : undefined
}

export function labelValue(text: string): string {
  return text.slice(0, MAX_LABEL_VALUE).replace(/[^a-zA-Z0-9]+$/, '')
}

function lacking(
  own: Readonly<Record<string, string>> | undefined,
  offered: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const added = Object.entries(offered).filter(([key]) => own?.[key] === undefined)
  return added.length === 0 ? undefined : Object.fromEntries(added)
}
