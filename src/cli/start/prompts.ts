/** What `start` asks a person for: params, workspaces, the service account. */
import type { Param, ParamSpec, ParamValue, WorkspaceBinding } from '../../resources/tekton.js'
import { typeOfParam } from '../../run/params.js'
import { type Ask, askWhich, askYesOrNo } from '../ask.js'
import { valueText } from '../describe/parts.js'
import { onOneLine } from '../print/style.js'
import { paramValues } from './params.js'

/** Nothing is asked for an object that can do without. */
export async function askForParam(ask: Ask, spec: ParamSpec): Promise<Param | undefined> {
  const { name, description, enum: allowed, default: preset } = spec
  const about = description ? ` (${onOneLine(description)})` : ''
  if (allowed !== undefined) {
    const first = typeof preset === 'string' && allowed.includes(preset) ? [preset] : []
    const choices = [...new Set([...first, ...allowed])].map(onOneLine)
    return { name, value: await askWhich(ask, `Value of param "${onOneLine(name)}"${about}`, choices) }
  }
  const type = typeOfParam(spec)
  if (type === 'object') return askForObject(ask, spec, about)
  const how = type === 'array' ? ' of type array (values with commas between)' : ''
  for (;;) {
    const answer = await ask(`Value of param "${onOneLine(name)}"${how}${about}${presetText(preset)}: `)
    if (answer.trim() === '' && preset !== undefined) return undefined
    if (answer.trim() !== '') return paramValues([spec], [{ name, value: answer }])[0]
  }
}

async function askForObject(ask: Ask, spec: ParamSpec, about: string): Promise<Param | undefined> {
  const { name, properties = {}, default: preset } = spec
  const given = typeof preset === 'object' && !Array.isArray(preset) ? (preset as Readonly<Record<string, string>>) : {}
  const value: Record<string, string> = {}
  for (const key of Object.keys(properties)) {
    for (;;) {
      const label = `Value of key "${onOneLine(key)}" of param "${onOneLine(name)}"${about}`
      const answer = (await ask(`${label}${presetText(given[key])}: `)).trim()
      if (answer !== '') value[key] = answer
      if (answer !== '' || given[key] !== undefined) break
    }
  }
  return Object.keys(value).length === 0 ? undefined : { name, value: { ...given, ...value } }
}

function presetText(preset: ParamValue | undefined): string {
  return preset === undefined ? '' : ` [${onOneLine(valueText(preset))}]`
}

const SOURCES = ['emptyDir', 'persistent volume claim', 'config map', 'secret'] as const

export async function askForWorkspace(
  ask: Ask,
  {
    name,
    description,
    optional = false,
  }: { readonly name: string; readonly description?: string; readonly optional?: boolean },
): Promise<WorkspaceBinding | undefined> {
  const about = description ? ` (${onOneLine(description)})` : ''
  const called = `workspace "${onOneLine(name)}"${about}`
  if (optional && !(await askYesOrNo(ask, `Bind the optional ${called}?`))) return undefined
  const source = await askWhich(ask, `What is ${called} bound to?`, SOURCES)
  if (source === 'emptyDir') return { name, emptyDir: {} }
  const of = await askForText(ask, `Name of the ${source}: `)
  if (source === 'config map') return { name, configMap: { name: of } }
  if (source === 'secret') return { name, secret: { secretName: of } }
  const subPath = (await ask('Folder in it [all of it]: ')).trim()
  return { name, persistentVolumeClaim: { claimName: of }, ...(subPath !== '' && { subPath }) }
}

async function askForText(ask: Ask, question: string): Promise<string> {
  for (;;) {
    const answer = (await ask(question)).trim()
    if (answer !== '') return answer
  }
}

/** Undefined: that of the namespace. */
export async function askForServiceAccount(ask: Ask): Promise<string | undefined> {
  return (await ask('Service account [default]: ')).trim() || undefined
}
