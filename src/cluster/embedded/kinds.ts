/** The kinds that the stored CustomResourceDefinitions make, beside the built-in ones. */
import type { CustomResourceDefinition } from '../../resources/custom-resources.js'
import { type KindTable, kindTable } from '../../resources/kind-table.js'
import type { StoreEvent } from './change-log.js'
import type { Objects } from './objects.js'

export interface FollowedKinds {
  readonly table: () => KindTable
  /** To be told of every committed event. */
  readonly note: (event: StoreEvent) => void
}

export function followKinds(objects: Objects): FollowedKinds {
  const read = () =>
    kindTable(objects.list('CustomResourceDefinition') as unknown as readonly CustomResourceDefinition[])
  let table = read()
  return {
    table: () => table,
    note({ kind }) {
      if (kind === 'CustomResourceDefinition') table = read()
    },
  }
}
