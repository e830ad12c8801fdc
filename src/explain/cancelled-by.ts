import type { ObjectMeta } from '../resources/meta.js'
import { asRecord } from '../resources/shape.js'

/** Who set `spec.status`, as the API server keeps account: ` by "kubectl" at …`; '' when it does not say. */
export function cancelledBy({ metadata }: { readonly metadata: Pick<ObjectMeta, 'managedFields'> }): string {
  const writer = metadata.managedFields?.findLast(({ fieldsV1 }) => {
    const spec = asRecord(asRecord(fieldsV1)['f:spec'])
    return Object.hasOwn(spec, 'f:status')
  })
  if (writer?.manager === undefined) return ''
  return ` by "${writer.manager}"${writer.time === undefined ? '' : ` at ${writer.time}`}`
}
