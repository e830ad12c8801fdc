/** What of Kubernetes' own kinds may not be changed once it is there. Pure. */
import { sameJson } from '../lib/same-json.js'
import { fieldForbidden, fieldInvalid } from '../resources/field-problems.js'
import type { KindEntry } from '../resources/kind-table.js'
import type { Problem } from '../resources/problem.js'
import { asRecord, type Json } from '../resources/shape.js'

export function immutableProblems({ id }: KindEntry, stored: Json, next: Json): readonly Problem[] {
  switch (id) {
    case 'Secret':
      return fixed('type', stored['type'] ?? 'Opaque', next['type'] ?? 'Opaque', 'field is immutable')
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return fixed('roleRef', stored['roleRef'], next['roleRef'], 'cannot change roleRef')
    case 'PersistentVolumeClaim':
      return sameJson(withoutSize(stored), withoutSize(next))
        ? []
        : [
            fieldForbidden(
              'spec',
              'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
            ),
          ]
    case 'Pod':
      return sameJson(withoutMutable(stored), withoutMutable(next)) ? [] : [fieldForbidden('spec', POD_TEXT)]
    default:
      return []
  }
}

const POD_TEXT =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function fixed(field: string, before: unknown, after: unknown, rule: string): readonly Problem[] {
  return sameJson(before, after) ? [] : [fieldInvalid(field, after, rule)]
}

function withoutSize({ spec }: Json): Json {
  const { resources, volumeAttributesClassName: _class, volumeName: _name, ...rest } = asRecord(spec)
  const { requests: _requests, ...others } = asRecord(resources)
  return { ...rest, resources: others }
}

function withoutMutable({ spec }: Json): Json {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, nodeName: _node, ...rest } = asRecord(spec)
  const { terminationGracePeriodSeconds: _grace, containers, initContainers, ...others } = rest
  return { ...others, containers: withoutImages(containers), initContainers: withoutImages(initContainers) }
}

function withoutImages(containers: unknown): unknown {
  if (!Array.isArray(containers)) return containers
  return containers.map(container => {
    const { image: _image, ...rest } = asRecord(container)
    return rest
  })
}
