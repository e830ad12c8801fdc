/** The ResolutionRequest that a reference with a `resolver` asks for. Its name is derived, so that asking twice is asking once. */
import { fnv128a } from '../lib/fnv.js'
import type { New, OwnerReference } from '../resources/meta.js'
import { RESOLVER_TYPE_LABEL, type ResolutionRequest } from '../resources/resolution.js'
import type { Param, ParamValue, PipelineRun, Reference, TaskRun, TaskSpec } from '../resources/tekton.js'
import { paramReplacements, replaceParams } from './params.js'
import { isList, mergeReplacements, type Replacements, replaceString, stringReplacements } from './substitute.js'
import { contextReplacements, taskParams } from './task-variables.js'
import { URL_LIKE } from './validate/references.js'

/** A label's length, which Tekton keeps to although names may be longer. */
const MAX_NAME = 63

export interface RequestOf {
  /** With its variables replaced. */
  readonly reference: Reference
  /** What the request is for: the run's name, and for a pipeline task that of the TaskRun that will ask the same. */
  readonly base: string
  readonly namespace: string
  readonly owner: OwnerReference
}

export function resolutionRequest({ reference, base, namespace, owner }: RequestOf): New<ResolutionRequest> {
  const { resolver = '', name = '', params = [] } = reference
  const url = URL_LIKE.test(name) ? name : ''
  return {
    apiVersion: 'resolution.tekton.dev/v1beta1',
    kind: 'ResolutionRequest',
    metadata: {
      name: requestName(resolver, `${namespace}/${base}`, params, url),
      namespace,
      labels: { [RESOLVER_TYPE_LABEL]: resolver },
      ownerReferences: [owner],
    },
    spec: { ...(params.length > 0 && { params }), ...(url !== '' && { url }) },
  }
}

/** As Tekton's pkg/resolution/resource/name.go; a long resolver name is cut, never the hash. */
export function requestName(resolver: string, base: string, params: readonly Param[], url: string): string {
  const sorted = [...params].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const hash = fnv128a(`${base}${sorted.map(({ name, value }) => name + hashedValue(value)).join('')}${url}`)
  return `${resolver.slice(0, MAX_NAME - hash.length - 1)}-${hash}`
}

function hashedValue(value: ParamValue): string {
  if (typeof value === 'string') return value
  const json = JSON.stringify(isList(value) ? value : Object.fromEntries(Object.entries(value).sort()))
  // Go's encoder makes JSON that may stand in a web page.
  return json.replace(/[<>&\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What a `pipelineRef` may mention: the run's params and context. There is no Pipeline yet that could have defaults. */
export function pipelineReference(run: PipelineRun, reference: Reference): Reference {
  const { name, namespace, uid } = run.metadata
  const context = stringReplacements({
    'context.pipelineRun.name': name,
    'context.pipelineRun.namespace': namespace,
    'context.pipelineRun.uid': uid,
    'context.pipeline.name': '',
  })
  return replaced(reference, mergeReplacements(paramReplacements(run.spec.params ?? []), context))
}

/** What a TaskRun's `taskRef` may mention. */
export function taskReference(run: TaskRun, reference: Reference): Reference {
  return replaced(reference, mergeReplacements(paramReplacements(run.spec.params ?? []), contextReplacements(run, '')))
}

/** What a step's `ref` may mention: the task's params, with their defaults. */
export function stepReference(run: TaskRun, task: TaskSpec, reference: Reference): Reference {
  return replaced(reference, taskParams(run, task.params ?? []))
}

function replaced(reference: Reference, known: Replacements): Reference {
  const { name, params } = reference
  return {
    ...reference,
    ...(name !== undefined && { name: replaceString(name, known) }),
    ...(params && { params: replaceParams(params, known) }),
  }
}
