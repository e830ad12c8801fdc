/** Objects that requests bring: refused at once, with every problem and in Tekton's words, as its webhooks would. */
import { type AdmitOptions, admitWith } from '../admission/admit.js'
import type { KindEntry } from '../resources/kind-table.js'
import { type Problem, problemsText, problemText } from '../resources/problem.js'
import { ApiError, type StatusCause } from './status.js'

interface Place {
  readonly info: KindEntry
  readonly namespace: string
}

/** @throws ApiError */
export function admitted(place: Place, body: unknown, options: AdmitOptions) {
  const admission = admitWith(options, inNamespaceOf(place, body))
  if (admission.is === 'refused') throw denied(admission.problems, place.info)
  if (admission.kind !== place.info.id) {
    throw new ApiError(400, 'BadRequest', `the object is a ${admission.kind}, the URL is for ${place.info.kind}`)
  }
  return admission
}

export function denied(problems: readonly Problem[], { id, group }: KindEntry): ApiError {
  const webhook = id === 'ConfigMap' ? 'config' : 'validation'
  const part = group === 'triggers.tekton.dev' ? 'triggers' : 'pipeline'
  const message = `admission webhook "${webhook}.webhook.${part}.tekton.dev" denied the request: validation failed: ${problemsText(problems)}`
  return new ApiError(400, 'BadRequest', message, problems.map(causeOf))
}

/** The message is Tekton's, word for word; what to do about it goes where Kubernetes puts single causes. */
function causeOf(problem: Problem): StatusCause {
  const text = problemText(problem)
  const message = problem.hint === undefined ? text : `${text}: ${problem.hint}`
  return { reason: 'FieldValueInvalid', message, field: problem.at ?? problem.paths[0] ?? '' }
}

function inNamespaceOf({ namespace }: Place, body: unknown): unknown {
  if (namespace === '' || typeof body !== 'object' || body === null) return body
  const metadata: Readonly<Record<string, unknown>> = 'metadata' in body ? { ...(body.metadata as object) } : {}
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace) {
    throw new ApiError(
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  return { ...body, metadata: { ...metadata, namespace } }
}
