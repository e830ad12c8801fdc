/** CustomResourceDefinitions, as far as anything here reads them; spelled as `apiextensions.k8s.io/v1` spells them. */
import type { Condition, Resource } from './meta.js'

export interface CustomResourceDefinition extends Resource {
  readonly kind: 'CustomResourceDefinition'
  readonly spec: CustomResourceDefinitionSpec
  readonly status?: CustomResourceDefinitionStatus
}

export interface CustomResourceDefinitionSpec {
  readonly group: string
  readonly names: CustomResourceNames
  readonly scope: 'Namespaced' | 'Cluster'
  readonly versions: readonly CustomResourceVersion[]
  readonly conversion?: { readonly strategy: string }
  readonly preserveUnknownFields?: boolean
}

export interface CustomResourceNames {
  readonly kind: string
  readonly plural: string
  readonly singular?: string
  readonly listKind?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export interface CustomResourceVersion {
  readonly name: string
  readonly served: boolean
  /** Exactly one version of a definition is the stored one. */
  readonly storage: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly schema?: { readonly openAPIV3Schema?: Readonly<Record<string, unknown>> }
  readonly subresources?: { readonly status?: object; readonly scale?: Readonly<Record<string, unknown>> }
  readonly additionalPrinterColumns?: readonly PrinterColumn[]
  /** Fields that objects can be selected by, each as in `.spec.color`. */
  readonly selectableFields?: readonly { readonly jsonPath: string }[]
}

export interface PrinterColumn {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  /** 0 is shown always, more only with `-o wide`. */
  readonly priority?: number
  readonly jsonPath: string
}

export interface CustomResourceDefinitionStatus {
  readonly acceptedNames?: CustomResourceNames
  readonly storedVersions?: readonly string[]
  readonly conditions?: readonly Condition[]
}
