/** The rules of Triggers' validating webhook. */
import type { NewMeta } from '../resources/meta.js'
import { isLabelValue } from '../resources/metadata.js'
import { exactlyOne, invalidValue, missing, type Problem, problem } from '../resources/problem.js'
import type {
  EventListenerSpec,
  EventListenerTrigger,
  InterceptorSpec,
  TriggerBindingSpec,
  TriggerInterceptor,
  TriggerSpec,
  TriggerSpecBinding,
  TriggerSpecTemplate,
  TriggerTemplateSpec,
  WebhookInterceptor,
} from '../resources/triggers.js'
import { repeats } from '../run/validate/repeats.js'
import { canonicalHeader } from './event.js'
import { resourceProblems } from './validate-resources.js'

/** Tekton prefixes the name with `el-` and appends pod hashes. */
const MAX_LISTENER_NAME = 60

export function validateEventListener(
  { name = '', annotations = {} }: NewMeta,
  spec: EventListenerSpec,
): readonly Problem[] {
  const { triggers = [], triggerGroups = [], namespaceSelector, labelSelector } = spec
  const problems: Problem[] = []
  if (name.length > MAX_LISTENER_NAME) {
    const message = `eventListener name '${name}' must be no more than ${MAX_LISTENER_NAME} characters long`
    problems.push(invalidValue(message, 'metadata.name'))
  }
  const checked = annotations['tekton.dev/payload-validation']
  if (checked !== undefined && checked !== 'true' && checked !== 'false') {
    const message = "tekton.dev/payload-validation annotation must have value 'true' or 'false'"
    problems.push(invalidValue(message, 'metadata.annotations'))
  }
  if (triggers.length + triggerGroups.length === 0 && !namespaceSelector?.matchNames?.length && !labelSelector) {
    const fields = ['labelSelector', 'namespaceSelector', 'triggerGroups', 'triggers'].map(field => `spec.${field}`)
    problems.push({
      ...exactlyOne('neither', fields, 'an EventListener without triggers never does anything'),
      at: 'spec',
    })
  }
  return [
    ...problems,
    ...triggers.flatMap((trigger, i) => listenerTrigger(trigger, `spec.triggers[${i}]`)),
    ...triggerGroups.flatMap((group, i) => {
      const path = `spec.triggerGroups[${i}]`
      const { namespaceSelector: names, labelSelector: labels } = group.triggerSelector ?? {}
      const selectors = ['labelSelector', 'namespaceSelector'].map(field => `${path}.triggerSelector.${field}`)
      const chain: readonly TriggerInterceptor[] = group.interceptors ?? []
      return [
        ...(names?.matchNames?.length || labels ? [] : [exactlyOne('neither', selectors)]),
        ...(chain.length === 0 ? [missing(`${path}.interceptors`)] : []),
        ...interceptorProblems(chain, path),
      ]
    }),
    ...resourceProblems(spec.resources ?? {}, 'spec.resources'),
  ]
}

function listenerTrigger(trigger: EventListenerTrigger, path: string): readonly Problem[] {
  const { triggerRef, template, bindings = [], interceptors = [], name = '' } = trigger
  const label = isLabelValue(name)
    ? []
    : [invalidValue(`trigger name '${name}' must be a valid label value`, `${path}.name`)]
  if (!template && !triggerRef) {
    return [...label, { ...exactlyOne('neither', [`${path}.template`, `${path}.triggerRef`]), at: path }]
  }
  if (triggerRef && (template || bindings.length > 0 || interceptors.length > 0)) {
    const fields = [`${path}.template or bindings or interceptors`, `${path}.triggerRef`]
    return [...label, { ...exactlyOne('both', fields, 'the Trigger referred to has its own'), at: path }]
  }
  return template ? [...label, ...triggerProblems({ ...trigger, template }, path)] : label
}

/** Its `spec.name` is nobody's business: the label is made of the object's own name. */
export function validateTrigger(spec: TriggerSpec, path: string): readonly Problem[] {
  return triggerProblems(spec, path)
}

function triggerProblems(
  { template, bindings = [], interceptors = [] }: TriggerSpec,
  path: string,
): readonly Problem[] {
  return [
    // A missing template arrives here as undefined, whatever the type says.
    ...templateProblems(template ?? {}, `${path}.template`),
    ...bindings.flatMap((binding, i) => bindingProblems(binding, `${path}.bindings[${i}]`)),
    ...interceptorProblems(interceptors, path),
  ]
}

function templateProblems({ ref, spec, apiVersion }: TriggerSpecTemplate, path: string): readonly Problem[] {
  const both = [`${path}.ref`, `${path}.spec`]
  const problems: Problem[] = []
  if (apiVersion && !/^(triggers\.tekton\.dev\/)?v1(alpha|beta)1$/.test(apiVersion)) {
    problems.push(
      invalidValue('invalid apiVersion', `${path}.apiVersion`, undefined, 'use triggers.tekton.dev/v1beta1'),
    )
  }
  if (ref && spec) return [...problems, exactlyOne('both', both, 'keep one of the two')]
  if (ref === '') return [...problems, missing(`${path}.ref`)]
  if (!ref && !spec) return [...problems, { ...exactlyOne('neither', both), at: path }]
  if (!spec) return problems
  // Tekton's paths leave `template.spec` out.
  const outer = path.replace(/\.template$/, '')
  const inner = validateTriggerTemplate(spec, outer).map(one => {
    const place = one.at ?? one.paths[0] ?? ''
    return { ...one, at: place.replace(outer, `${path}.spec`) }
  })
  return [...problems, ...inner]
}

function bindingProblems(binding: TriggerSpecBinding, path: string): readonly Problem[] {
  const { name, ref, value, kind } = binding
  if (name && ref)
    return [exactlyOne('both', [`${path}.name`, `${path}.ref`], 'an entry is either a value or a reference')]
  if (ref) {
    if (kind === 'TriggerBinding' || kind === 'ClusterTriggerBinding') return []
    const hint = 'kinds are TriggerBinding and ClusterTriggerBinding'
    return [invalidValue('invalid kind', `${path}.kind`, undefined, hint)]
  }
  if (name) return value === undefined ? [missing(`${path}.value`)] : []
  return [{ ...exactlyOne('neither', [`${path}.name`, `${path}.ref`, `${path}.spec`]), at: path }]
}

function interceptorProblems(interceptors: readonly (TriggerInterceptor | null)[], path: string): readonly Problem[] {
  return interceptors.flatMap((interceptor, i) => {
    const place = `${path}.interceptors[${i}]`
    if (interceptor === null) return [invalidValue("interceptor '<nil>' must be a valid value", place)]
    if (interceptor.webhook)
      return webhookProblems(interceptor.webhook, `${place}.interceptor.webhook`, `${place}.webhook`)
    if (interceptor.ref?.name) return []
    const hint = 'name an interceptor: ref: {name: github}'
    return [{ ...missing(`${place}.interceptor`, hint), at: place }]
  })
}

function webhookProblems({ objectRef, header = [] }: WebhookInterceptor, path: string, at: string): readonly Problem[] {
  const problems: Problem[] = []
  if (objectRef === undefined) problems.push(missing(`${path}.objectRef`))
  else {
    const { kind, apiVersion } = objectRef
    if (!kind) problems.push(missing(`${path}.objectRef.kind`))
    else if (kind !== 'Service') problems.push(invalidValue('invalid kind', `${path}.objectRef.kind`))
    if (!apiVersion) problems.push(missing(`${path}.objectRef.apiVersion`))
    else if (apiVersion !== 'v1') problems.push(invalidValue('invalid apiVersion', `${path}.objectRef.apiVersion`))
  }
  for (const [i, { name = '', value }] of header.entries()) {
    if (name === '' || name !== canonicalHeader(name)) {
      const hint = name === '' ? undefined : `write ${canonicalHeader(name)}`
      problems.push(invalidValue('invalid header name', `${path}.header[${i}].name`, undefined, hint))
    }
    const isText = Array.isArray(value) ? value.length > 0 : isScalar(value) && value !== ''
    if (!isText) problems.push(invalidValue('invalid header value', `${path}.header[${i}].value`))
  }
  return problems.map(one => ({ ...one, at }))
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export function validateTriggerBinding({ params = [] }: TriggerBindingSpec): readonly Problem[] {
  if (params.length === 0) return [missing('spec', 'give params: - name: ..., value: $(body....)')]
  const again = repeats(params.map(param => param.name))
  return params.flatMap((param, i) => {
    const path = `spec.params[${i}]`
    const repeated = again[i] ? [exactlyOne('both', `${path}.name`)] : []
    const value = param.value ?? ''
    return isClosed(value)
      ? repeated
      : [...repeated, invalidValue(value, `${path}.value`, undefined, 'a $( is not closed')]
  })
}

/** As Tekton: one unclosed `$(` alone passes as text, one before another is a mistake. */
function isClosed(value: string): boolean {
  const parts = value.split('$(').slice(1)
  return parts.slice(0, -1).every(part => part.includes(')'))
}

/** Tekton checks names of this form and no other. */
const PARAM_IN_TEMPLATE = /\$\(tt\.params\.([_a-zA-Z][_a-zA-Z0-9.-]*)\)/g

/** `$(tt.params.x)` in any text or key of the templates must be declared. As Tekton, of those that are not the first. */
export function validateTriggerTemplate(
  { params = [], resourcetemplates = [] }: TriggerTemplateSpec,
  path: string,
): readonly Problem[] {
  if (resourcetemplates.length === 0) {
    const paths = params.length === 0 ? [path, `${path}.resourcetemplates`] : `${path}.resourcetemplates`
    return [missing(paths, 'say which objects to create')]
  }
  const unset = resourcetemplates.flatMap(({ kind, apiVersion }, i) => {
    const place = `${path}.resourcetemplates[${i}]`
    const fields = [...(apiVersion ? [] : ['apiVersion']), ...(kind ? [] : ['kind'])]
    return fields.map(field => ({ ...missing(`${place}.${field}`), at: place }))
  })
  const declared = new Set(params.map(param => param.name))
  const undeclared = resourcetemplates.flatMap((template, i) =>
    [...JSON.stringify(template).matchAll(PARAM_IN_TEMPLATE)]
      .filter(match => !declared.has(match[1] ?? ''))
      .map(([variable]) =>
        problem(`invalid value: undeclared param '${variable}'`, `${path}.resourcetemplates[${i}]`, {
          details: `'${variable}' must be declared in spec.params`,
        }),
      ),
  )
  return [...unset, ...undeclared.slice(0, 1)]
}

export function validateInterceptorKind({ clientConfig = {} }: InterceptorSpec): readonly Problem[] {
  const { url, service } = clientConfig
  const path = 'spec.clientConfig'
  const both =
    url !== undefined && service !== undefined ? [exactlyOne('both', [`${path}.url`, `${path}.service`])] : []
  if (service === undefined) return both
  const { namespace, name } = service
  return [
    ...both,
    ...(namespace ? [] : [missing(`${path}.service.namespace`)]),
    ...(name ? [] : [missing(`${path}.service.name`)]),
  ]
}
