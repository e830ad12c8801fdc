import { HOME_ANNOTATION } from '../resources/annotations.js'
import type { Container, EnvVar, Pod } from '../resources/core.js'
import type { ConfigReader } from './config-reader.js'
import { expand } from './expand.js'
import { fieldValue } from './field-ref.js'

/** Why a container cannot be started yet, in a kubelet's words. */
export interface ConfigProblem {
  readonly reason: 'CreateContainerConfigError'
  readonly message: string
}

export type Environment =
  | { readonly kind: 'made'; readonly env: Readonly<Record<string, string>>; readonly container: Container }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem }

/**
 * The environment of a container's process, and the container with `$(NAME)` in command and args replaced. `base` is
 * what every process of this machine gets (PATH, HOME, LANG, …); nothing else of the engine's environment leaks.
 */
export async function environmentOf(
  pod: Pod,
  container: Container,
  base: Readonly<Record<string, string>>,
  read: ConfigReader,
): Promise<Environment> {
  const own: Record<string, string> = {}
  for (const source of container.envFrom ?? []) {
    const from = source.secretRef ?? source.configMapRef
    if (from === undefined) continue
    const kind = source.secretRef === undefined ? 'ConfigMap' : 'Secret'
    const found = await read(kind, from.name)
    if (found === undefined && from.optional !== true) return problem(notFound(kind, from.name))
    for (const [key, value] of Object.entries(found?.texts ?? {})) own[`${source.prefix ?? ''}${key}`] = value
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, variable, own, read)
    if (typeof value === 'object') return problem(value.message)
    if (value !== undefined) own[variable.name] = value
  }
  const { command, args } = container
  return {
    kind: 'made',
    env: { ...base, ...homeOf(pod, container), ...own },
    container: {
      ...container,
      ...(command === undefined ? {} : { command: command.map(word => expand(word, own)) }),
      ...(args === undefined ? {} : { args: args.map(word => expand(word, own)) }),
    },
  }
}

/** A folder of the Pod's own instead of the user's home, in the containers that have it. */
function homeOf(pod: Pod, { volumeMounts = [] }: Container): { readonly HOME?: string } {
  const home = pod.metadata.annotations?.[HOME_ANNOTATION]
  return home !== undefined && volumeMounts.some(({ mountPath }) => mountPath === home) ? { HOME: home } : {}
}

function problem(message: string): Environment {
  return { kind: 'problem', problem: { reason: 'CreateContainerConfigError', message } }
}

/** A kubelet's words. */
export function notFound(kind: 'Secret' | 'ConfigMap', name: string): string {
  return `${kind.toLowerCase()} "${name}" not found`
}

async function variableValue(
  pod: Pod,
  variable: EnvVar,
  own: Readonly<Record<string, string>>,
  read: ConfigReader,
): Promise<string | undefined | { readonly message: string }> {
  const from = variable.valueFrom
  if (from === undefined) return expand(variable.value ?? '', own)
  if (from.fieldRef !== undefined) {
    const { fieldPath } = from.fieldRef
    return (
      fieldValue(pod, fieldPath) ?? { message: `env "${variable.name}": field path "${fieldPath}" is not supported` }
    )
  }
  const reference = from.secretKeyRef ?? from.configMapKeyRef
  if (reference === undefined)
    return {
      message: `env "${variable.name}": valueFrom is not supported; use value, secretKeyRef, configMapKeyRef or fieldRef`,
    }
  const kind = from.secretKeyRef === undefined ? 'ConfigMap' : 'Secret'
  const found = await read(kind, reference.name)
  const value = found && Object.hasOwn(found.texts, reference.key) ? found.texts[reference.key] : undefined
  if (value !== undefined || reference.optional === true) return value
  if (found === undefined) return { message: notFound(kind, reference.name) }
  return { message: `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace}/${reference.name}` }
}
