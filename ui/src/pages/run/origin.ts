/** Where a run comes from, as its labels and annotations say. Pure. */
import type { PipelineRun, TaskRun } from '../../../../src/resources/tekton.js'

export interface Origin {
  readonly pipeline: string | undefined
  readonly task: string | undefined
  readonly listener: string | undefined
  readonly schedule: string | undefined
  /** Id of the delivery. */
  readonly event: string | undefined
  readonly commit: { readonly sha: string; readonly href: string | undefined } | undefined
  readonly rerunOf: string | undefined
  /** Name of the PipelineRun that it is a part of. */
  readonly parent: string | undefined
}

export function originOf(run: PipelineRun | TaskRun): Origin {
  const { labels = {}, annotations = {}, ownerReferences = [] } = run.metadata
  const isTaskRun = run.kind === 'TaskRun'
  const sha = annotations['tektite.dev/git-sha']
  return {
    pipeline: isTaskRun ? undefined : run.spec.pipelineRef?.name,
    task: isTaskRun ? run.spec.taskRef?.name : undefined,
    listener: labels['triggers.tekton.dev/eventlistener'],
    schedule: labels['tektite.dev/schedule'],
    event: labels['triggers.tekton.dev/triggers-eventid'],
    commit: sha ? { sha, href: commitHref(annotations['tektite.dev/git-repository'], sha) } : undefined,
    rerunOf: annotations['tektite.dev/rerun-of'],
    parent: ownerReferences.find(({ kind }) => kind === 'PipelineRun')?.name,
  }
}

/** Only where it is known how the host names its pages; and never anything but https. */
function commitHref(repository: string | undefined, sha: string): string | undefined {
  if (repository === undefined || !/^[0-9a-f]{40,64}$/i.test(sha)) return undefined
  const url = URL.canParse(repository) ? new URL(repository) : undefined
  if (url?.protocol !== 'https:') return undefined
  const path = url.pathname.replace(/\.git$/, '').replace(/\/$/, '')
  const part = url.host.includes('bitbucket') ? 'commits' : url.host.includes('gitlab') ? '-/commit' : 'commit'
  return `https://${url.host}${path}/${part}/${sha}`
}
