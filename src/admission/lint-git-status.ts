/** Annotations that ask for a git status, read before a run has them: what is wrong with one shows on no commit. */
import { askedOf, type Run } from '../feedback/asked.js'
import { GIT_API_ANNOTATION, GIT_HOST_ANNOTATION, GIT_STATUS_ANNOTATIONS } from '../resources/annotations.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { listed, type Problem, problem } from '../resources/problem.js'
import { asRecord } from '../resources/shape.js'
import type { TriggerTemplate } from '../resources/triggers.js'

const PREFIX = 'tektite.dev/git-'
const OF_RUNS: readonly string[] = Object.values(GIT_STATUS_ANNOTATIONS)
const OF_SECRETS: readonly string[] = [GIT_HOST_ANNOTATION, GIT_API_ANNOTATION]
const RUNS: readonly unknown[] = ['PipelineRun', 'TaskRun']

export function gitStatusWarnings(object: New<AnyResource>): readonly Problem[] {
  const own = warningsOf(object, '')
  if (object.kind !== 'TriggerTemplate') return own
  const { resourcetemplates } = (object as New<TriggerTemplate>).spec
  return [...own, ...resourcetemplates.flatMap((one, index) => warningsOf(one, `spec.resourcetemplates[${index}].`))]
}

function warningsOf({ kind, metadata }: Readonly<Record<string, unknown>>, at: string): readonly Problem[] {
  const meta = asRecord(metadata)
  const annotations = asRecord(meta['annotations'])
  const names = Object.keys(annotations).filter(name => name.startsWith(PREFIX))
  if (names.length === 0) return []
  const path = `${at}metadata.annotations`
  const known = kind === 'Secret' ? OF_SECRETS : OF_RUNS
  const unknown = names
    .filter(name => !known.includes(name))
    .map(name => {
      const hint = `on ${kind === 'Secret' ? 'a Secret' : 'runs'} there are ${listed(known)}`
      return problem(`annotation ${name} means nothing here`, path, { hint })
    })
  const status = annotations[GIT_STATUS_ANNOTATIONS.status]
  if (!RUNS.includes(kind) || status === '') return unknown
  const found = askedOf({
    metadata: { ...meta, name: 'x', annotations: withExamples(annotations) },
    spec: {},
  } as never as Run)
  return found.is === 'asked' ? unknown : [...unknown, problem(found.said, path, { hint: found.wayOut })]
}

const EXAMPLES: Readonly<Record<string, string>> = {
  [GIT_STATUS_ANNOTATIONS.status]: 'github',
  [GIT_STATUS_ANNOTATIONS.repository]: 'https://example.com/org/repo',
  [GIT_STATUS_ANNOTATIONS.sha]: 'a'.repeat(40),
  [GIT_STATUS_ANNOTATIONS.logLines]: '1',
}

/** What is still to be filled in is taken to be filled in well. */
function withExamples(annotations: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => {
      const text = String(value)
      return [name, text.includes('$(') ? (EXAMPLES[name] ?? 'x') : text]
    }),
  )
}
