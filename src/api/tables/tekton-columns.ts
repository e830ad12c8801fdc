/** Columns of the kinds of Tekton, as its own CustomResourceDefinitions have them. Pure. */
import type { PrinterColumn } from '../../resources/custom-resources.js'
import type { AnyKind } from '../../resources/kinds.js'

function text(name: string, jsonPath: string): PrinterColumn {
  return { name, type: 'string', jsonPath }
}

function date(name: string, jsonPath: string): PrinterColumn {
  return { name, type: 'date', jsonPath }
}

/** Two columns: whether it holds, and why. */
function condition(type: string): readonly PrinterColumn[] {
  const found = `.status.conditions[?(@.type=="${type}")]`
  return [text(type, `${found}.status`), text('Reason', `${found}.reason`)]
}

const RUN = [
  ...condition('Succeeded'),
  date('StartTime', '.status.startTime'),
  date('CompletionTime', '.status.completionTime'),
]

export const TEKTON_COLUMNS: Readonly<Partial<Record<AnyKind, readonly PrinterColumn[]>>> = {
  PipelineRun: RUN,
  TaskRun: RUN,
  CustomRun: RUN,
  ResolutionRequest: [
    text('OwnerKind', '.metadata.ownerReferences[0].kind'),
    text('Owner', '.metadata.ownerReferences[0].name'),
    ...condition('Succeeded'),
    text('StartTime', '.metadata.creationTimestamp'),
    text('EndTime', '.status.conditions[?(@.type=="Succeeded")].lastTransitionTime'),
  ],
  EventListener: [text('Address', '.status.address.url'), ...condition('Available'), ...condition('Ready')],
}
