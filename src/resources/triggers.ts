/** Tekton Triggers' kinds in their `v1beta1` shape (interceptor kinds: `v1alpha1`). */
import type { Condition, Resource } from './meta.js'

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

export interface SecretRef {
  readonly secretName: string
  readonly secretKey: string
}

export interface TriggerInterceptor {
  readonly name?: string
  readonly ref?: { readonly name: string; readonly kind?: string; readonly apiVersion?: string }
  /** A value may be any JSON. */
  readonly params?: readonly { readonly name: string; readonly value: unknown }[]
  readonly webhook?: WebhookInterceptor
}

/** The way of calling from before there were ClusterInterceptors. */
export interface WebhookInterceptor {
  readonly objectRef?: {
    readonly kind?: string
    readonly apiVersion?: string
    readonly name?: string
    readonly namespace?: string
  }
  readonly url?: string
  /** A value is a text or a list of texts; admission sees to it. */
  readonly header?: readonly { readonly name: string; readonly value: unknown }[]
}

export interface TriggerSpecBinding {
  readonly name?: string
  readonly value?: string
  readonly ref?: string
  readonly kind?: string
  readonly apiVersion?: string
}

export interface TriggerSpecTemplate {
  readonly ref?: string
  readonly apiVersion?: string
  readonly spec?: TriggerTemplateSpec
}

export interface TriggerSpec {
  readonly name?: string
  readonly serviceAccountName?: string
  readonly interceptors?: readonly TriggerInterceptor[]
  readonly bindings?: readonly TriggerSpecBinding[]
  readonly template: TriggerSpecTemplate
}

export interface Trigger extends Resource {
  readonly kind: 'Trigger'
  readonly spec: TriggerSpec
}

/** Either `triggerRef` or the fields of a Trigger, inline. */
export type EventListenerTrigger = Partial<TriggerSpec> & { readonly triggerRef?: string }

export interface TriggerSelector {
  readonly namespaceSelector?: { readonly matchNames?: readonly string[] }
  readonly labelSelector?: LabelSelector
}

export interface EventListenerSpec extends TriggerSelector {
  readonly serviceAccountName?: string
  readonly triggers?: readonly EventListenerTrigger[]
  readonly triggerGroups?: readonly {
    readonly name?: string
    readonly interceptors: readonly TriggerInterceptor[]
    readonly triggerSelector: TriggerSelector
  }[]
  readonly resources?: Readonly<Record<string, unknown>>
  readonly cloudEventURI?: string
}

export interface EventListener extends Resource {
  readonly kind: 'EventListener'
  readonly spec: EventListenerSpec
  readonly status?: {
    readonly address?: { readonly url?: string }
    /** As Tekton would call a Deployment and Service of its own. */
    readonly configuration?: { readonly generatedName: string }
    readonly conditions?: readonly Condition[]
  }
}

export interface TriggerBindingSpec {
  readonly params?: readonly { readonly name: string; readonly value: string }[]
}

export interface TriggerBinding extends Resource {
  readonly kind: 'TriggerBinding'
  readonly spec: TriggerBindingSpec
}
export interface ClusterTriggerBinding extends Resource {
  readonly kind: 'ClusterTriggerBinding'
  readonly spec: TriggerBindingSpec
}

export interface TriggerTemplateSpec {
  readonly params?: readonly { readonly name: string; readonly description?: string; readonly default?: string }[]
  /** Any Kubernetes objects. The lower-case spelling is Tekton's. */
  readonly resourcetemplates: readonly Readonly<Record<string, unknown>>[]
}

export interface TriggerTemplate extends Resource {
  readonly kind: 'TriggerTemplate'
  readonly spec: TriggerTemplateSpec
}

/** How an interceptor of somebody else is reached: one of `url` and `service`. */
export interface ClientConfig {
  readonly url?: string
  readonly service?: {
    readonly name?: string
    readonly namespace?: string
    readonly path?: string
    readonly port?: number
  }
  /** Base64 of certificates in PEM. */
  readonly caBundle?: string
}

export interface InterceptorSpec {
  readonly clientConfig?: ClientConfig
}

interface InterceptorResource extends Resource {
  readonly spec?: InterceptorSpec
  readonly status?: { readonly address?: { readonly url?: string } }
}

export interface ClusterInterceptor extends InterceptorResource {
  readonly kind: 'ClusterInterceptor'
}

export interface Interceptor extends InterceptorResource {
  readonly kind: 'Interceptor'
}
