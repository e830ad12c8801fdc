/** What the annotations of a run ask for. Pure. */
import type { GitHostKind } from '../git-host/build-report.js'
import { oneLine } from '../lib/one-line.js'
import { GIT_STATUS_ANNOTATIONS as NAMES } from '../resources/annotations.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { parseRepositoryUrl, type RepositoryUrl } from './repository-url.js'

export type Run = PipelineRun | TaskRun

export interface Asked {
  readonly kind: GitHostKind
  readonly repository: RepositoryUrl
  readonly sha: string
  readonly secret: string
  /** '' for the usual one of the Secret's type. */
  readonly key: string
  readonly context: string
  /** With placeholders; '' for the installation's. */
  readonly url: string
  /** Of the log of each step that failed, for a page of the host that shows them. */
  readonly logLines: number
}

export type AskedOrProblem =
  | { readonly is: 'asked'; readonly asked: Asked }
  | {
      readonly is: 'problem'
      /** Both of the following. */
      readonly message: string
      readonly said: string
      readonly wayOut: string
    }

const KINDS: readonly GitHostKind[] = ['github', 'github-check', 'gitlab', 'bitbucket', 'bitbucket-server', 'gitea']
const MAX_CONTEXT_CHARS = 255
const MAX_LOG_LINES = 100

export function askedOf(run: Pick<Run, 'metadata' | 'spec'>): AskedOrProblem {
  const value = (name: keyof typeof NAMES): string => run.metadata.annotations?.[NAMES[name]]?.trim() ?? ''
  const kind = KINDS.find(one => one === value('status'))
  if (kind === undefined) return wrong('status', value('status'), `use one of ${KINDS.join(', ')}`)
  const repository = parseRepositoryUrl(value('repository'))
  if (repository === undefined) {
    return wrong(
      'repository',
      value('repository'),
      'give the URL to clone it from, such as https://github.com/org/repo.git',
    )
  }
  const sha = value('sha').toLowerCase()
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) {
    return wrong('sha', value('sha'), 'give all 40 or 64 hex digits of the commit')
  }
  const secret = value('secret')
  if (secret === '') return wrong('secret', '', 'name the Secret in the namespace of the run that has the token')
  const lines = value('logLines')
  if (!/^\d{0,6}$/.test(lines)) return wrong('logLines', lines, `give a number from 0 to ${MAX_LOG_LINES}`)
  return {
    is: 'asked',
    asked: {
      kind,
      repository,
      sha,
      secret,
      key: value('key'),
      context: oneLine(value('context') || `tektite/${nameOf(run)}`, MAX_CONTEXT_CHARS),
      url: value('url'),
      logLines: Math.min(Number(lines), MAX_LOG_LINES),
    },
  }
}

/** The same for all runs of one pipeline: branch protection waits for a status by its name. Of what never changes in a run. */
function nameOf({ spec, metadata }: Pick<Run, 'metadata' | 'spec'>): string {
  const reference = 'pipelineRef' in spec ? spec.pipelineRef : 'taskRef' in spec ? spec.taskRef : undefined
  return reference?.name || metadata.generateName?.replace(/[-.]+$/, '') || metadata.name
}

/** What two runs must have in common for the one to take the other's place. */
export function targetOf({ kind, repository, sha, context }: Asked): string {
  return JSON.stringify([kind, repository.host, repository.path, sha, context])
}

function wrong(name: keyof typeof NAMES, value: string, wayOut: string): AskedOrProblem {
  const found = value === '' ? 'is missing' : `is ${JSON.stringify(oneLine(value, 200))}`
  const said = `annotation ${NAMES[name]} ${found}`
  return { is: 'problem', message: `${said}: ${wayOut}`, said, wayOut }
}
