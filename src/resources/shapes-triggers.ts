/** Field tables of triggers.tekton.dev. */
import type { Fields, Shape } from './shape.js'
import { securityContext, stringMap, strings } from './shapes-core.js'

const bindingParams: Shape = {
  list: { type: 'BindingParam', fields: { name: 'string', value: 'string' }, required: ['name'] },
}

const templateSpec: Fields = {
  type: 'TriggerTemplateSpec',
  fields: {
    params: {
      list: {
        type: 'TemplateParam',
        fields: { name: 'string', description: 'string', default: 'string' },
        required: ['name'],
      },
    },
    resourcetemplates: { list: 'object' },
  },
}

const legacyHint = (name: string): string =>
  `write it as ref and params: ref: {name: "${name}"}, params: [{name: ..., value: ...}]`

const interceptor = (version: string): Fields => ({
  type: 'TriggerInterceptor',
  fields: {
    name: 'string',
    ref: { type: 'InterceptorRef', fields: { name: 'string', kind: 'string', apiVersion: 'string' } },
    params: { list: { type: 'InterceptorParam', fields: { name: 'string', value: 'any' }, required: ['name'] } },
    webhook: {
      type: 'WebhookInterceptor',
      fields: {
        objectRef: {
          kubernetes: 'ObjectReference',
          fields: {
            kind: 'string',
            apiVersion: 'string',
            name: 'string',
            namespace: 'string',
            uid: 'string',
            resourceVersion: 'string',
            fieldPath: 'string',
          },
        },
        url: 'string',
        header: { list: { type: 'WebhookHeader', fields: { name: 'string', value: 'any' } } },
      },
    },
    ...(version === 'v1alpha1'
      ? { github: 'object' as const, gitlab: 'object' as const, bitbucket: 'object' as const, cel: 'object' as const }
      : {}),
  },
  hints: Object.fromEntries(['github', 'gitlab', 'bitbucket', 'cel'].map(name => [name, legacyHint(name)])),
})

const labelSelector: Fields = {
  kubernetes: 'LabelSelector',
  fields: {
    matchLabels: stringMap,
    matchExpressions: {
      list: { fields: { key: 'string', operator: 'string', values: strings }, required: ['key', 'operator'] },
    },
  },
}
const namespaceSelector: Fields = { type: 'NamespaceSelector', fields: { matchNames: strings } }

export function triggerFields(version: string): Readonly<Record<string, Shape>> {
  return {
    name: 'string',
    serviceAccountName: 'string',
    interceptors: { list: interceptor(version), nullItems: true },
    bindings: {
      list: {
        type: 'TriggerBindingRef',
        fields: { name: 'string', value: 'string', ref: 'string', kind: 'string', apiVersion: 'string' },
        hints: { spec: 'write the params inline: - name: ..., value: ...' },
      },
    },
    template: {
      type: 'TriggerTemplateRef',
      fields: { ref: 'string', apiVersion: 'string', spec: templateSpec },
      hints: { name: 'the field is called ref' },
    },
  }
}

const kubernetesResource: Fields = {
  type: 'KubernetesResource',
  fields: {
    replicas: 'integer',
    serviceType: 'string',
    servicePort: 'integer',
    serviceLoadBalancerClass: 'string',
    spec: {
      type: 'ListenerWorkload',
      fields: {
        template: {
          type: 'ListenerPodTemplate',
          fields: {
            metadata: 'object',
            spec: {
              type: 'ListenerPodSpec',
              fields: { securityContext, serviceAccountName: 'string' },
              open: true,
            },
          },
          open: true,
        },
      },
      open: true,
    },
  },
}

function eventListenerSpec(version: string): Fields {
  return {
    type: 'EventListenerSpec',
    fields: {
      serviceAccountName: 'string',
      triggers: { list: { type: 'EventListenerTrigger', fields: { ...triggerFields(version), triggerRef: 'string' } } },
      triggerGroups: {
        list: {
          type: 'EventListenerTriggerGroup',
          fields: {
            name: 'string',
            interceptors: { list: interceptor(version), nullItems: true },
            triggerSelector: { type: 'TriggerSelector', fields: { namespaceSelector, labelSelector } },
          },
        },
      },
      namespaceSelector,
      labelSelector,
      resources: { type: 'ListenerResources', fields: { kubernetesResource, customResource: 'object' } },
      cloudEventURI: 'string',
    },
  }
}

const interceptorKindSpec: Fields = {
  type: 'InterceptorSpec',
  fields: {
    clientConfig: {
      type: 'ClientConfig',
      fields: {
        url: 'string',
        caBundle: 'base64',
        service: {
          type: 'ServiceReference',
          fields: { name: 'string', namespace: 'string', path: 'string', port: 'integer' },
        },
      },
    },
  },
}

/** The spec shape of a kind of triggers.tekton.dev. Its CRDs have no schema at all. */
export function triggersSpecShape(kind: string, version: string): Fields | undefined {
  const shape = shapeOf(kind, version)
  return shape && { ...shape, schemaless: true }
}

function shapeOf(kind: string, version: string): Fields | undefined {
  switch (kind) {
    case 'EventListener':
      return eventListenerSpec(version)
    case 'Trigger':
      return { type: 'TriggerSpec', fields: triggerFields(version) }
    case 'TriggerBinding':
    case 'ClusterTriggerBinding':
      return { type: 'TriggerBindingSpec', fields: { params: bindingParams } }
    case 'TriggerTemplate':
      return templateSpec
    case 'ClusterInterceptor':
    case 'Interceptor':
      return interceptorKindSpec
    default:
      return undefined
  }
}
