/** `metadata`: whether the name, labels and annotations of an object are ones that Kubernetes takes. Pure. */
import type { KindInfo } from './kinds.js'
import type { NewMeta } from './meta.js'
import { complete, type Problem, problem } from './problem.js'
import { decode, isRecord, type Json, type Shape } from './shape.js'

const metadataShape: Shape = {
  fields: {
    name: 'string',
    namespace: 'string',
    generateName: 'string',
    labels: { map: 'string' },
    annotations: { map: 'string' },
    finalizers: { list: 'string' },
    ownerReferences: {
      list: {
        fields: {
          apiVersion: 'string',
          kind: 'string',
          name: 'string',
          uid: 'string',
          controller: 'boolean',
          blockOwnerDeletion: 'boolean',
        },
        required: ['apiVersion', 'kind', 'name', 'uid'],
      },
    },
  },
  // What a server wrote (uid, managedFields, …) may come back in a manifest, and is dropped.
  open: true,
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
/** RBAC names are path segments: `system:admin` is one. */
const PATH_SEGMENT = /^(?!\.{1,2}$)[^/%]+$/
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

const DNS_LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

type NamedKind = Pick<KindInfo, 'group' | 'namespaced' | 'plural'>

/** The metadata that is kept of an object not yet stored, in `namespace` when it names none. */
export function newMetaOf(object: Json, kind: NamedKind, namespace: string, problems: Problem[]): NewMeta {
  const before = problems.length
  const meta = decode(metadataShape, object['metadata'] ?? {}, 'metadata', problems)
  if (problems.length > before || !isRecord(meta)) return { namespace }
  const kept = ['name', 'generateName', 'labels', 'annotations', 'ownerReferences', 'finalizers']
  const written = Object.fromEntries(
    Object.entries(meta).filter(([key, value]) => kept.includes(key) && value !== ''),
  ) as Partial<NewMeta>
  const given = typeof meta['namespace'] === 'string' && meta['namespace'] !== '' ? meta['namespace'] : namespace
  const result: NewMeta = { ...written, namespace: kind.namespaced ? given : '' }
  problems.push(...nameProblems(kind, result), ...labelProblems(result.labels ?? {}), ...annotationProblems(result))
  return result
}

function nameProblems({ group, plural }: NamedKind, { name, generateName, namespace }: NewMeta): Problem[] {
  const problems: Problem[] = []
  const isLabel = (text: string) => text.length <= 63 && DNS_LABEL.test(text)
  if (namespace !== '' && !isLabel(namespace)) {
    const message = `metadata.namespace: Invalid value: ${JSON.stringify(namespace)}: ${DNS_LABEL_TEXT}`
    problems.push(complete(message, 'metadata.namespace'))
  }
  if (name === undefined && generateName === undefined) {
    const message = 'metadata.name: Required value: name or generateName is required'
    return [...problems, complete(message, 'metadata')]
  }
  if (group === 'tekton.dev') return [...problems, ...tektonNameProblems(name, generateName)]
  if (name === undefined) return problems
  if (group === '' && plural === 'namespaces') {
    if (isLabel(name)) return problems
    return [
      ...problems,
      complete(`metadata.name: Invalid value: ${JSON.stringify(name)}: ${DNS_LABEL_TEXT}`, 'metadata.name'),
    ]
  }
  const valid = group === 'rbac.authorization.k8s.io' ? PATH_SEGMENT : SUBDOMAIN
  const mistakes = [
    ...(name.length > 253 ? ['must be no more than 253 bytes'] : []),
    ...(valid.test(name) ? [] : [SUBDOMAIN_TEXT]),
  ]
  if (mistakes.length > 0) {
    const message = `metadata.name: Invalid value: ${JSON.stringify(name)}: ${mistakes.join('; ')}`
    problems.push(complete(message, 'metadata.name'))
  }
  return problems
}

/** As pkg/apis/validate: generateName is held to the same length; the form allows dots although the text says label. */
function tektonNameProblems(name: string | undefined, generateName: string | undefined): Problem[] {
  const problems: Problem[] = []
  if ((name ?? generateName ?? '').length > 63) {
    problems.push(problem('Invalid resource name: length must be no more than 63 characters', 'metadata.name'))
  }
  if (name !== undefined && !SUBDOMAIN.test(name)) {
    const hint = 'use lower-case letters, digits, "-" and "."; start and end with a letter or digit'
    const message = `invalid resource name ${JSON.stringify(name)}: must be a valid DNS label`
    problems.push(problem(message, 'metadata.name', { hint }))
  }
  if (generateName !== undefined && name === undefined && !SUBDOMAIN.test(`${generateName}x`)) {
    const message = `invalid resource name ${JSON.stringify(generateName)}: must be a valid DNS label`
    problems.push(problem(message, 'metadata.name', { at: 'metadata.generateName' }))
  }
  return problems
}

const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

/** A label key or annotation key: an optional `prefix/` and a name of at most 63 characters. */
function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/')
  const prefix = key.slice(0, Math.max(slash, 0))
  const name = key.slice(slash + 1)
  return name.length <= 63 && NAME_PART.test(name) && (slash < 0 || (prefix.length <= 253 && SUBDOMAIN.test(prefix)))
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && NAME_PART.test(value))
}

/** What Kubernetes says of a label key that is none. */
export function labelKeyProblem(key: string): string | undefined {
  if (isQualifiedName(key)) return undefined
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  if (name.includes('/')) {
    const text = QUALIFIED_TEXT.replace('name part', 'a valid label key')
    return `${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  }
  const problems = slash < 0 ? [] : prefixProblems(key.slice(0, slash))
  if (name === '') problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes')
  if (!NAME_PART.test(name)) problems.push(QUALIFIED_TEXT)
  return problems.join('; ')
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  const problems = prefix.length > 253 ? ['prefix part must be no more than 253 bytes'] : []
  return SUBDOMAIN.test(prefix) ? problems : [...problems, `prefix part ${SUBDOMAIN_TEXT}`]
}

/** What Kubernetes says of a label's value that is none. */
export function labelValueProblem(value: string): string | undefined {
  if (isLabelValue(value)) return undefined
  const problems = value.length > 63 ? ['must be no more than 63 bytes'] : []
  return (NAME_PART.test(value) ? problems : [...problems, LABEL_VALUE_TEXT]).join('; ')
}

function labelProblems(labels: Readonly<Record<string, string>>): Problem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const problems: Problem[] = []
    const [keyProblem, valueProblem] = [labelKeyProblem(key), labelValueProblem(value)]
    if (keyProblem !== undefined) {
      problems.push(
        complete(`metadata.labels: Invalid value: ${JSON.stringify(key)}: ${keyProblem}`, 'metadata.labels'),
      )
    }
    if (valueProblem !== undefined) {
      const message = `metadata.labels: Invalid value: ${JSON.stringify(value)}: ${valueProblem}`
      problems.push(
        complete(message, 'metadata.labels', `this is the value of ${JSON.stringify(key)}; annotations take any text`),
      )
    }
    return problems
  })
}

function annotationProblems({ annotations = {} }: NewMeta): Problem[] {
  return Object.keys(annotations)
    .filter(key => !isQualifiedName(key.toLowerCase()))
    .map(key =>
      complete(
        `metadata.annotations: Invalid value: ${JSON.stringify(key)}: ${QUALIFIED_TEXT}`,
        'metadata.annotations',
      ),
    )
}

const QUALIFIED_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
