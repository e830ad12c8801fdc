/** One schema for objects in any of two spellings. Pure. */
import type { JsonSchema } from '../resources/json-schema.js'

/**
 * Lets through what either does, and keeps what either names. An API server that converts nothing looks at an object with
 * the schema of the version it is asked for, of the version it stores, and of the one it is read in: what one of them does
 * not name is lost on the way.
 * @throws when the two say different things of one field, which nobody could then hold to both
 */
export function bothVersions(one: JsonSchema, other: JsonSchema, path = ''): JsonSchema {
  // Anything at all, beside something: anything.
  for (const loose of [one, other]) if (isAnything(loose)) return { ...describedBy(one, other), ...loose }
  if (one.type !== other.type) throw new Error(`${path}: both ${one.type} and ${other.type}`)
  const required = (one.required ?? []).filter(name => other.required?.includes(name))
  const { required: _required, ...rest } = { ...other, ...one }
  return {
    ...rest,
    ...(required.length > 0 && { required }),
    ...(one.items && other.items && { items: bothVersions(one.items, other.items, `${path}[]`) }),
    ...((one.properties ?? other.properties) && {
      properties: bothProperties(one.properties ?? {}, other.properties ?? {}, path),
    }),
  }
}

function bothProperties(
  one: Readonly<Record<string, JsonSchema>>,
  other: Readonly<Record<string, JsonSchema>>,
  path: string,
): Readonly<Record<string, JsonSchema>> {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return Object.fromEntries(
    names.map(name => {
      const [first, second] = [one[name], other[name]]
      return [name, first && second ? bothVersions(first, second, `${path}.${name}`) : (first ?? second ?? {})]
    }),
  )
}

function isAnything(schema: JsonSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true && schema.properties === undefined
}

function describedBy(one: JsonSchema, other: JsonSchema): Pick<JsonSchema, 'description'> {
  const description = one.description ?? other.description
  return description === undefined ? {} : { description }
}
