/** The objects of some files, read as a listener reads its cluster. Pure. */
import type { PlanKind, Reads } from '../../listeners/observe.js'
import type { Secret } from '../resources/core.js'
import type { AnyResource, Kind, Kinds } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import type { Secrets } from '../trigger/secrets.js'

export function ofKind<K extends Kind>(objects: readonly New<AnyResource>[], kind: K): readonly Kinds[K][] {
  return objects
    .filter(object => object.kind === kind)
    .map((object, index) => {
      const given = { name: '', uid: `${kind}-${index}`, resourceVersion: '1', creationTimestamp: '' }
      return { ...object, metadata: { ...given, ...object.metadata } } as unknown as Kinds[K]
    })
}

export function manifestReads(objects: readonly New<AnyResource>[]): Reads {
  return {
    async get(kind, { namespace, name }) {
      return namedIn(objects, kind).find(({ metadata }) => {
        return metadata.name === name && (metadata.namespace ?? '') === (isClustered(kind) ? '' : namespace)
      })
    },
    async list(kind, selector) {
      return namedIn(objects, kind).filter(({ metadata }) => {
        return selector?.namespace === undefined || metadata.namespace === selector.namespace
      })
    },
  }
}

export function secretsIn(objects: readonly New<AnyResource>[]): Secrets {
  return new Map(
    ofKind(objects, 'Secret').map((secret: Secret) => [`${secret.metadata.namespace}/${secret.metadata.name}`, secret]),
  )
}

function namedIn<K extends PlanKind>(objects: readonly New<AnyResource>[], kind: K): readonly Kinds[K][] {
  return ofKind(objects, kind)
}

function isClustered(kind: PlanKind): boolean {
  return kind.startsWith('Cluster')
}
