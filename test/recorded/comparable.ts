/** What a run left behind, without what differs from one run to the next: masked as the README of the recordings says. */
import type { Resource } from '../../src/resources/meta.js'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const TIME = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g
const UID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g
/** Not told by the recordings: what only the machine knows. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'resourceVersion',
  'generation',
  'managedFields',
  'provenance',
  'imageID',
  'containerID',
])
/** Go writes these although nobody set them: its JSON leaves out empty lists and texts, but no empty struct. */
const GO_WRITES_EMPTY: ReadonlySet<string> = new Set([
  'computeResources',
  'description',
  'metadata',
  'name',
  'podName',
  'creationTimestamp',
  'serviceAccountName',
  'spec',
  'status',
  'taskRunTemplate',
])

/** By kind and name, so that two lists of objects compare whatever their order. */
export function comparable(items: readonly Resource[]): Readonly<Record<string, Json>> {
  const masks = items.flatMap(({ metadata: { name, generateName } }) =>
    generateName === undefined ? [] : [maskOf(name, generateName)],
  )
  const masked = (text: string) => masks.reduce((done, mask) => mask(done), text)
  return Object.fromEntries(
    items.map(item => [masked(hashless(`${item.kind} ${item.metadata.name}`)), plain(item as unknown as Json, masked)]),
  )
}

/** A generated name stands in children's names, labels, params and even results. A shortened name may hold a part of it. */
function maskOf(name: string, generateName: string): (text: string) => string {
  const stem = generateName.slice(0, name.length - 5)
  return text => text.replaceAll(name, `${stem}<random>`)
}

/** The hash in a shortened name, and in a claim's, is of texts that the recordings leave out. */
function hashless(text: string): string {
  return text.replace(/[0-9a-f]{32,}/g, '<md5>').replace(/\bpvc-[0-9a-f]{10}\b/g, 'pvc-<hash>')
}

function plain(value: Json, masked: (text: string) => string, key = ''): Json {
  if (typeof value === 'string') {
    const text = key === 'image' ? withoutTag(value) : value
    return hashless(masked(text).replaceAll(TIME, '<time>').replaceAll(UID, '<uid>'))
  }
  if (Array.isArray(value)) return value.map(one => plain(one, masked))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([field]) => !LEFT_OUT.has(field))
    .map(([field, one]) => [field, plain(one, masked, field)] as const)
    .filter(([field, one]) => !(GO_WRITES_EMPTY.has(field) && isEmpty(one)))
  return Object.fromEntries(entries)
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** The images of the recordings were stand-ins, so tags and digests were dropped. */
function withoutTag(image: string): string {
  return image.replace(/@sha256:[0-9a-f]+$/, '').replace(/:[\w.-]+$/, '')
}
