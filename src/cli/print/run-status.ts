/** How a run fares, in tkn's words and colours. Pure. */
import type { Condition } from '../../resources/meta.js'
import type { Style } from './style.js'
import type { Cell, Paint } from './table.js'
import { NOTHING } from './times.js'

type Word = 'Succeeded' | 'Failed' | 'Running' | 'Cancelled' | 'Pending'

/** `Succeeded`, `Failed`, `Failed(TaskRunTimeout)`, `Cancelled(Cancelled)`, `Running`. */
export function statusText(condition: Condition | undefined): string {
  if (condition === undefined) return NOTHING
  const word = wordOf(condition)
  const { reason = '' } = condition
  const saysSo = reason === '' || reason === word || (word === 'Succeeded' && reason === 'Completed')
  return saysSo || (word === 'Pending' && reason.endsWith('RunPending')) ? word : `${word}(${reason})`
}

export function statusCell(condition: Condition | undefined, style: Style, suffix = ''): Cell {
  if (condition === undefined) return NOTHING
  return { text: `${statusText(condition)}${suffix}`, paint: paintOf(wordOf(condition), style) }
}

/** As tkn sorts reasons under words. */
function wordOf({ status, reason = '' }: Condition): Word {
  if (/^(PipelineRun|TaskRun|CustomRun)?Cancelled$/.test(reason) || reason === 'CancelledRunningFinally')
    return 'Cancelled'
  if (
    ['PipelineRunPending', 'CreateContainerConfigError', 'ExceededNodeResources', 'ExceededResourceQuota'].includes(
      reason,
    )
  ) {
    return 'Pending'
  }
  if (status === 'True') return 'Succeeded'
  return status === 'False' ? 'Failed' : 'Running'
}

function paintOf(word: Word, style: Style): Paint {
  switch (word) {
    case 'Succeeded':
      return style.green
    case 'Failed':
      return style.red
    case 'Running':
      return style.cyan
    case 'Cancelled':
    case 'Pending':
      return style.yellow
    default:
      throw new Error(`unknown word ${JSON.stringify(word satisfies never)}`)
  }
}
