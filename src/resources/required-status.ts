/**
 * Fields that Tekton's definitions demand of a status because Go writes them always, empty or not. An API server with these
 * definitions refuses a status that lacks one; everything here takes an empty one for none. Pure.
 */
import { asRecord, isRecord, type Json } from './shape.js'

/** As an API server is sent it. */
export function withRequiredFields(kind: string, status: Json): Json {
  if (kind === 'ResolutionRequest') return { data: '', refSource: {}, source: {}, ...status }
  if (kind !== 'TaskRun') return status
  const { taskSpec } = status
  return { podName: '', ...status, ...(isRecord(taskSpec) && { taskSpec: inContainers(taskSpec, named, placed) }) }
}

/** As it is read: without what is there only because it must be. */
export function withoutEmptyFields(kind: string, status: Json): Json {
  if (kind === 'ResolutionRequest') return without(status, ['data', 'refSource', 'source'])
  if (kind !== 'TaskRun') return status
  const { taskSpec } = status
  const found = without(status, ['podName'])
  if (!isRecord(taskSpec)) return found
  const bare = inContainers(
    taskSpec,
    step => without(step, ['name']),
    usage => without(usage, ['mountPath']),
  )
  return bare === taskSpec ? found : { ...found, taskSpec: bare }
}

type Change = (part: Json) => Json

const named: Change = step => (step['name'] === undefined ? { name: '', ...step } : step)
const placed: Change = usage => (usage['mountPath'] === undefined ? { mountPath: '', ...usage } : usage)

/** Changes steps, and the workspaces of steps and sidecars. */
function inContainers(taskSpec: Json, step: Change, usage: Change): Json {
  const inside: Change = container => inEach(container, 'workspaces', usage)
  return inEach(
    inEach(taskSpec, 'steps', each => inside(step(each))),
    'sidecars',
    inside,
  )
}

/** The object itself when nothing changes. */
function inEach(value: Json, field: string, change: Change): Json {
  const items = value[field]
  if (!Array.isArray(items)) return value
  const changed: readonly unknown[] = items.map((item: unknown) => (isRecord(item) ? change(item) : item))
  return changed.every((item, index) => item === items[index]) ? value : { ...value, [field]: changed }
}

function without(value: Json, fields: readonly string[]): Json {
  const empty = fields.filter(field => isEmpty(value[field]) && Object.hasOwn(value, field))
  if (empty.length === 0) return value
  return Object.fromEntries(Object.entries(value).filter(([field]) => !empty.includes(field)))
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || (isRecord(value) && Object.keys(asRecord(value)).length === 0)
}
