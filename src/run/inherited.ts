import { INHERITED_FROM_ANNOTATION, NOT_INHERITED_ANNOTATION } from '../resources/annotations.js'
import type { ObjectMeta } from '../resources/meta.js'

/** What a child took its outcome over from. A pass that was killed may have meant to, and a later one have found that it cannot. */
export function inheritedFrom({
  metadata: { annotations },
}: {
  readonly metadata: Pick<ObjectMeta, 'annotations'>
}): string | undefined {
  return annotations?.[NOT_INHERITED_ANNOTATION] === undefined ? annotations?.[INHERITED_FROM_ANNOTATION] : undefined
}
