/** Field tables of triggers.tekton.dev. */
import type { Fields, Shape } from './shape.js'
import { securityContext, stringMap, strings } from './shapes-core.js'

const bindingParams: Shape = { list: { fields: { name: 'string', value: 'string' }, required: ['name'] } }

const templateSpec: Fields = {
  fields: {
    params: {
      list: { fields: { name: 'string', description: 'string', default: 'string' }, required: ['name'] },
    },
    resourcetemplates: { list: 'object' },
  },
}

const legacyHint = (name: string): string =>
  `write it as ref and params: ref: {name: "${name}"}, params: [{name: ..., value: ...}]`

const interceptor = (version: string): Fields => ({
  fields: {
    name: 'string',
    ref: { fields: { name: 'string', kind: 'string', apiVersion: 'string' } },
    params: { list: { fields: { name: 'string', value: 'any' }, required: ['name'] } },
    webhook: {
      fields: {
        objectRef: {
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
        header: { list: { fields: { name: 'string', value: 'any' } } },
      },
    },
    ...(version === 'v1alpha1'
      ? { github: 'object' as const, gitlab: 'object' as const, bitbucket: 'object' as const, cel: 'object' as const }
      : {}),
  },
  hints: Object.fromEntries(['github', 'gitlab', 'bitbucket', 'cel'].map(name => [name, legacyHint(name)])),
})

const labelSelector: Fields = {
  fields: {
    matchLabels: stringMap,
    matchExpressions: {
      list: { fields: { key: 'string', operator: 'string', values: strings }, required: ['key', 'operator'] },
    },
  },
}
const namespaceSelector: Fields = { fields: { matchNames: strings } }

export function triggerFields(version: string): Readonly<Record<string, Shape>> {
  return {
    name: 'string',
    serviceAccountName: 'string',
    interceptors: { list: interceptor(version), nullItems: true },
    bindings: {
      list: {
        fields: { name: 'string', value: 'string', ref: 'string', kind: 'string', apiVersion: 'string' },
        hints: { spec: 'write the params inline: - name: ..., value: ...' },
      },
    },
    template: {
      fields: { ref: 'string', apiVersion: 'string', spec: templateSpec },
      hints: { name: 'the field is called ref' },
    },
  }
}

const kubernetesResource: Fields = {
  fields: {
    replicas: 'integer',
    serviceType: 'string',
    servicePort: 'integer',
    serviceLoadBalancerClass: 'string',
    spec: {
      fields: {
        template: {
          fields: {
            metadata: 'object',
            spec: { fields: { securityContext, serviceAccountName: 'string' }, open: true },
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
    fields: {
      serviceAccountName: 'string',
      triggers: { list: { fields: { ...triggerFields(version), triggerRef: 'string' } } },
      triggerGroups: {
        list: {
          fields: {
            name: 'string',
            interceptors: { list: interceptor(version), nullItems: true },
            triggerSelector: { fields: { namespaceSelector, labelSelector } },
          },
        },
      },
      namespaceSelector,
      labelSelector,
      resources: { fields: { kubernetesResource, customResource: 'object' } },
      cloudEventURI: 'string',
    },
  }
}

const interceptorKindSpec: Fields = {
  fields: {
    clientConfig: {
      fields: {
        url: 'string',
        caBundle: 'base64',
        service: { fields: { name: 'string', namespace: 'string', path: 'string', port: 'integer' } },
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
      return { fields: triggerFields(version) }
    case 'TriggerBinding':
    case 'ClusterTriggerBinding':
      return { fields: { params: bindingParams } }
    case 'TriggerTemplate':
      return templateSpec
    case 'ClusterInterceptor':
    case 'Interceptor':
      return interceptorKindSpec
    default:
      return undefined
  }
}
