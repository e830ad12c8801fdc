/** `describe` of what turns events into runs. Pure. */
import type {
  ClusterInterceptor,
  ClusterTriggerBinding,
  EventListener,
  EventListenerTrigger,
  TriggerBinding,
  TriggerInterceptor,
  TriggerTemplate,
} from '../../resources/triggers.js'
import type { Description } from '../print/sections.js'
import { NOTHING } from '../print/times.js'
import { aboutObject, labelsAndAnnotations } from './parts.js'

export function listenerDescription(listener: EventListener): Description {
  const { metadata, spec, status } = listener
  const conditions = status?.conditions ?? []
  return {
    about: [
      ...aboutObject(listener),
      ['URL', status?.address?.url],
      ['Service Account', spec.serviceAccountName],
      ...conditions.map(({ type, status: is, reason, message }) => {
        const why = is === 'True' ? '' : [reason, message].filter(text => text).join(': ')
        return [type, why === '' ? is : `${is} (${why})`] as const
      }),
    ],
    lists: labelsAndAnnotations(metadata),
    sections: [
      {
        title: 'EventListenerTriggers',
        columns: [
          { head: 'NAME', cut: { order: 4, least: 10 } },
          { head: 'INTERCEPTORS', cut: { order: 1, least: 12 } },
          { head: 'BINDINGS', cut: { order: 2, least: 10 } },
          { head: 'TEMPLATE REF', cut: { order: 3, least: 12 } },
        ],
        rows: (spec.triggers ?? []).map(triggerCells),
      },
      {
        title: 'Trigger Groups',
        columns: [{ head: 'NAME' }, { head: 'INTERCEPTORS', cut: { order: 1, least: 12 } }],
        rows: (spec.triggerGroups ?? []).map(({ name = NOTHING, interceptors }) => [
          name,
          interceptorsText(interceptors),
        ]),
      },
    ],
  }
}

function triggerCells(trigger: EventListenerTrigger): readonly string[] {
  const { name = '', triggerRef, interceptors = [], bindings = [], template } = trigger
  if (triggerRef) return [triggerRef, `Trigger ${triggerRef}`, NOTHING, NOTHING]
  const bound = bindings.map(({ ref, name: param }) => ref ?? param ?? '')
  return [
    name || '(no name)',
    interceptorsText(interceptors),
    bound.join(', ') || NOTHING,
    template?.ref ?? (template?.spec ? 'EMBEDDED' : NOTHING),
  ]
}

function interceptorsText(interceptors: readonly TriggerInterceptor[]): string {
  const texts = interceptors.map(({ ref, webhook, params = [] }) => {
    if (webhook) return `webhook ${webhook.url ?? webhook.objectRef?.name ?? ''}`
    const filter = params.find(({ name }) => name === 'filter')
    return filter ? `${ref?.name}: ${filter.value}` : (ref?.name ?? '')
  })
  return texts.join('; ') || NOTHING
}

export function bindingDescription(binding: TriggerBinding | ClusterTriggerBinding): Description {
  return {
    about: aboutObject(binding),
    lists: labelsAndAnnotations(binding.metadata),
    sections: [
      {
        title: 'Params',
        columns: [{ head: 'NAME' }, { head: 'VALUE', cut: { order: 1, least: 10 } }],
        rows: (binding.spec.params ?? []).map(({ name, value }) => [name, value]),
      },
    ],
  }
}

export function templateDescription(template: TriggerTemplate): Description {
  const { metadata, spec } = template
  return {
    about: aboutObject(template),
    lists: labelsAndAnnotations(metadata),
    sections: [
      {
        title: 'Params',
        columns: [
          { head: 'NAME' },
          { head: 'DESCRIPTION', cut: { order: 1, least: 10 } },
          { head: 'DEFAULT VALUE', cut: { order: 2, least: 13 } },
        ],
        rows: (spec.params ?? []).map(param => [param.name, param.description ?? '', param.default ?? NOTHING]),
      },
      {
        title: 'ResourceTemplates',
        columns: [{ head: 'NAME' }, { head: 'GENERATENAME' }, { head: 'KIND' }, { head: 'APIVERSION' }],
        rows: spec.resourcetemplates.map(({ apiVersion, kind, metadata: meta }) => {
          const { name = NOTHING, generateName = NOTHING } = (meta ?? {}) as Readonly<Record<string, string>>
          return [name, generateName, `${kind}`, `${apiVersion}`]
        }),
      },
    ],
  }
}

export function interceptorDescription(interceptor: ClusterInterceptor): Description {
  const { clientConfig } = interceptor.spec ?? {}
  const { service } = clientConfig ?? {}
  return {
    about: [
      ...aboutObject(interceptor),
      ['URL', interceptor.status?.address?.url ?? clientConfig?.url],
      ['Service', service && [service.namespace, service.name].filter(text => text).join('/')],
    ],
    lists: labelsAndAnnotations(interceptor.metadata),
    sections: [],
  }
}
