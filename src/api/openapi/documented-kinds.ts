/** The kinds that OpenAPI documents: those of the table, and those that no store keeps. */
import { specShape } from '../../resources/kind-shapes.js'
import type { KindEntry } from '../../resources/kind-table.js'
import { isKind } from '../../resources/kinds.js'
import type { Fields } from '../../resources/shape.js'
import { DELIVERY_SPEC, DELIVERY_STATUS } from '../../resources/shapes-deliveries.js'
import { statusShape } from '../../resources/shapes-status.js'
import { OWN_GROUP, OWN_VERSION } from '../own-resources.js'

export interface DocumentedKind extends Omit<KindEntry, 'id'> {
  /** Nobody can write its objects. */
  readonly readOnly?: true
}

/** A kind in one of its versions. */
export interface ServedKind {
  readonly entry: DocumentedKind
  readonly version: string
}

export const RUN_KIND: DocumentedKind = {
  group: OWN_GROUP,
  version: OWN_VERSION,
  served: [OWN_VERSION],
  kind: 'Run',
  listKind: 'RunList',
  plural: 'runs',
  singular: 'run',
  namespaced: true,
  shortNames: [],
  categories: [],
  status: false,
  readOnly: true,
}

export const UNSTORED_KINDS: readonly DocumentedKind[] = [
  RUN_KIND,
  {
    group: OWN_GROUP,
    version: OWN_VERSION,
    served: [OWN_VERSION],
    kind: 'Delivery',
    listKind: 'DeliveryList',
    plural: 'deliveries',
    singular: 'delivery',
    namespaced: true,
    shortNames: [],
    categories: [],
    status: false,
    readOnly: true,
  },
]

const OURS = /(?:^|\.)(?:tekton|tektite)\.dev$/

/** Whether the built-in kinds of this group are made of shapes; the others are Kubernetes'. */
export function isOurs(group: string): boolean {
  return OURS.test(group)
}

/** What a kind of ours is made of. */
export function shapesOf(kind: string, version: string): { readonly spec?: Fields; readonly status?: Fields } {
  if (kind === 'Delivery') return { spec: DELIVERY_SPEC, status: DELIVERY_STATUS }
  const [spec, status] = [isKind(kind) ? specShape(kind, version) : undefined, statusShape(kind, version)]
  return { ...(spec && { spec }), ...(status && { status }) }
}
