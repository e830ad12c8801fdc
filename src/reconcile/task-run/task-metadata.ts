/** Labels and annotations that a TaskRun takes over from its Task. */
import { RELEASE, RELEASE_ANNOTATION } from '../../resources/annotations.js'
import type { TaskRun } from '../../resources/tekton.js'
import { MANAGED_BY_LABEL } from '../../run/defaults.js'
import type { Settings } from '../../run/settings.js'
import type { Decision, TaskRunWorld } from '../decision.js'
import { withoutReport } from '../report-due.js'
import type { Origin } from '../resolved.js'

type Texts = Readonly<Record<string, string>>

export interface Meta {
  /** As they will be once `added` is. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** What the run lacks; empty when it lacks nothing, so that nothing is written. */
  readonly added: Pick<Decision<unknown>, 'labels' | 'annotations'>
}

/** Labels and annotations of the Task, under the run's own. */
export function inheritedMeta(run: TaskRun, { task, settings }: Pick<TaskRunWorld, 'task' | 'settings'>): Meta {
  const from = task.is === 'found' ? task.from : undefined
  const own = { labels: run.metadata.labels ?? {}, annotations: run.metadata.annotations ?? {} }
  const inherited = metadataOfTask(from, settings)
  const labels = lacking(inherited.labels, own.labels)
  const annotations = lacking(inherited.annotations, own.annotations)
  return {
    labels: { ...inherited.labels, ...withoutReport(own.labels) },
    annotations: { ...inherited.annotations, ...own.annotations },
    added: { ...(labels && { labels }), ...(annotations && { annotations }) },
  }
}

/** An object may have 256 KiB of annotations: who has so many gets them in a write of their own, which may be refused. */
const MAX_AT_CREATION = 32 * 1024

/** What a child can be made with, so that its first pass need not write it. */
export function metadataAtCreation(
  from: Origin | undefined,
  settings: Settings,
): { readonly labels: Texts; readonly annotations: Texts } {
  const isLarge = JSON.stringify([from?.labels, from?.annotations]).length > MAX_AT_CREATION
  return metadataOfTask(isLarge ? undefined : from, settings)
}

function metadataOfTask(
  from: Origin | undefined,
  settings: Settings,
): { readonly labels: Texts; readonly annotations: Texts } {
  return {
    labels: {
      [MANAGED_BY_LABEL]: settings.managedByLabelValue,
      ...from?.labels,
      ...(from && { 'tekton.dev/task': from.name }),
    },
    annotations: {
      ...Object.fromEntries(
        Object.entries(from?.annotations ?? {}).filter(
          ([key]) =>
            key !== 'kubectl.kubernetes.io/last-applied-configuration' && !key.startsWith('chains.tekton.dev/'),
        ),
      ),
      // Of Tekton's controller. What was built without knowing its version says so too.
      [RELEASE_ANNOTATION]: RELEASE,
    },
  }
}

function lacking(inherited: Texts, own: Texts): Texts | undefined {
  const missing = Object.entries(inherited).filter(([key]) => !Object.hasOwn(own, key))
  return missing.length > 0 ? Object.fromEntries(missing) : undefined
}
