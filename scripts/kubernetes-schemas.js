/**
 * Writes OpenAPI schemas of Kubernetes' own kinds, one definition a line, from the models of @kubernetes/client-node:
 * names and types are data in them, descriptions and what is required stand in their declarations. Done when Tektite is
 * built, because loading that package costs a third of a second.
 *
 *   node scripts/kubernetes-schemas.js FILE
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ATOMIC_TYPES, FIELD_RULES, GRANULAR_FIELDS } from './merge-rules.js'
import { ROOT } from './prepare.js'

const built = file => import(pathToFileURL(join(ROOT, 'dist/src', file)).href)
const { definitionPackage } = await built('api/openapi/schema.js')

const MODELS = join(ROOT, 'node_modules/@kubernetes/client-node/dist/gen/models')
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
/** Types of every group; the others belong to the group whose kinds use them first. */
const META_TYPES = [
  'V1ObjectMeta',
  'V1ListMeta',
  'V1LabelSelector',
  'V1LabelSelectorRequirement',
  'V1OwnerReference',
  'V1ManagedFieldsEntry',
  'V1Status',
  'V1StatusDetails',
  'V1StatusCause',
  'V1DeleteOptions',
  'V1Preconditions',
  'V1Condition',
]
const SCALARS = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  IntOrString: { type: 'string', format: 'int-or-string' },
  Date: { type: 'string', format: 'date-time' },
  V1MicroTime: { type: 'string', format: 'date-time' },
  any: {},
}

/** Model to the full name of its definition, as far as known. */
const names = new Map(META_TYPES.map(model => [model, `${META}.${model.slice(2)}`]))
/** Full name to definition. */
const definitions = new Map()

export async function kubernetesSchemas(kinds) {
  for (const model of META_TYPES) await define(model, META)
  // The core group first: what other groups share with it is the core's.
  const ordered = [...kinds].sort((a, b) => Number(a.group !== '') - Number(b.group !== ''))
  for (const { kind, group, version } of ordered) {
    const model = modelOf(kind, group, version)
    if (!existsSync(join(MODELS, `${model}.js`))) throw new Error(`client-node has no model for ${kind} of "${group}"`)
    await define(model, definitionPackage(group, version))
    const definition = definitions.get(names.get(model))
    definition['x-kubernetes-group-version-kind'] = [{ group, kind, version }]
  }
  return definitions
}

function modelOf(kind, group, version) {
  const prefix = kind !== 'Event' ? '' : group === '' ? 'Core' : 'Events'
  return `${prefix}${version[0].toUpperCase()}${version.slice(1)}${kind}`
}

async function define(model, itsPackage) {
  const name = names.get(model) ?? `${itsPackage}.${shortName(model)}`
  if (definitions.has(name)) return
  names.set(model, name)
  const definition = {}
  definitions.set(name, definition)
  const { attributeTypeMap } = (await import(pathToFileURL(join(MODELS, `${model}.js`)).href))[model]
  const declared = declarationOf(model)
  const short = shortName(model)
  const properties = {}
  for (const attribute of attributeTypeMap) {
    const { description } = declared.fields.get(attribute.name)
    const type = await typeOf(attribute, itsPackage)
    const atomicList = type.type === 'array' ? { 'x-kubernetes-list-type': 'atomic' } : {}
    const granular = GRANULAR_FIELDS[short]?.includes(attribute.name) ? { 'x-kubernetes-map-type': 'granular' } : {}
    properties[attribute.baseName] = {
      ...(description && { description }),
      ...type,
      ...atomicList,
      ...FIELD_RULES[short]?.[attribute.baseName],
      ...granular,
    }
  }
  const required = attributeTypeMap.filter(({ name: each }) => declared.fields.get(each).required)
  Object.assign(definition, {
    ...(declared.description && { description: declared.description }),
    type: 'object',
    ...(required.length > 0 && { required: required.map(({ baseName }) => baseName) }),
    ...(attributeTypeMap.length > 0 && { properties }),
    ...(ATOMIC_TYPES.includes(short) && { 'x-kubernetes-map-type': 'atomic' }),
  })
}

async function typeOf({ type, format }, itsPackage) {
  const list = /^Array<(.*)>$/.exec(type)
  if (list) return { type: 'array', items: await typeOf({ type: list[1], format }, itsPackage) }
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)
  if (map) return { type: 'object', additionalProperties: await typeOf({ type: map[1], format }, itsPackage) }
  if (type === 'number') {
    return { type: format.startsWith('int') ? 'integer' : 'number', ...(format && { format }) }
  }
  if (Object.hasOwn(SCALARS, type)) {
    return { ...SCALARS[type], ...(type === 'string' && format && { format }) }
  }
  await define(type, itsPackage)
  return { $ref: `#/definitions/${names.get(type)}` }
}

/** `V1Container` and `CoreV1Event` without group and version. */
function shortName(model) {
  return model.replace(/^([A-Z][a-z]+)?V\d+((alpha|beta)\d+)?(?=[A-Z])/, '')
}

/** What only the declaration says: descriptions, and which fields are not optional. */
function declarationOf(model) {
  const text = readFileSync(join(MODELS, `${model}.d.ts`), 'utf8')
  const description = /\/\*\*\n\* ([^\n]*)\n\*\/\nexport declare class/.exec(text)?.[1]
  const found = text.matchAll(/(?:\/\*\*\n {4}\* ([^\n]*)\n {4}\*\/\n {4})?'([^'\n]+)'(\?)?: /g)
  const fields = new Map(
    [...found].map(([, about, name, optional]) => [name, { description: plain(about), required: optional !== '?' }]),
  )
  return { description: plain(description), fields }
}

function plain(text) {
  return text?.replace(/\\(['"`\\])/g, '$1')
}

/** One definition a line, in ASCII: a text of one byte a character, of which lines are parsed when they are needed. */
function lines(all) {
  const ascii = text => text.replace(/[^\x20-\x7e]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return [...all].map(([name, definition]) => `${name}\t${ascii(JSON.stringify(definition))}\n`).join('')
}

const file = process.argv[2]
if (file !== undefined) {
  const { BUILT_IN_KINDS } = await built('resources/kind-table.js')
  const foreign = BUILT_IN_KINDS.all.filter(({ group }) => !/(tekton|tektite)\.dev$/.test(group))
  writeFileSync(file, lines(await kubernetesSchemas(foreign)))
}
