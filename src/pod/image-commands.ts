/**
 * Steps that say neither `command` nor `script` run what their image does by itself, and only its registry knows that.
 * Deciding stays pure: it says which images are asked about, and is made again with the answers.
 */
import { sameJson } from '../lib/same-json.js'
import type { Step } from '../resources/tekton.js'
import { officialCommand } from './default-commands.js'

export interface ImagesQuestion {
  readonly namespace: string
  readonly images: readonly string[]
  /** Those that the Pod may run on, as Kubernetes calls them. */
  readonly architectures: readonly string[]
  /** Names of Secrets that the Pod itself names. Those of the service account come after them. */
  readonly pullSecrets: readonly string[]
  readonly serviceAccountName: string
}

export interface ImageCommand {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

export type ImageAnswer =
  | {
      readonly is: 'found'
      /** By digest, so that what runs is what was asked about, whatever the tag says by then. */
      readonly image: string
      /** By architecture; at least one. */
      readonly commands: Readonly<Record<string, ImageCommand>>
    }
  /** The registry's no, or an answer that is none: the author's to know. */
  | { readonly is: 'failed'; readonly message: string }
  /** Nobody answered, which may be otherwise later. */
  | { readonly is: 'away'; readonly message: string }
  /** The answer takes its time. */
  | { readonly is: 'pending' }

/** By the image as steps write it. */
export type ImageAnswers = ReadonlyMap<string, ImageAnswer>

export type CommandedSteps =
  | { readonly is: 'known'; readonly steps: readonly Step[] }
  | { readonly is: 'unasked'; readonly images: readonly string[] }
  /** What the author has to change. */
  | { readonly is: 'wrong'; readonly message: string }
  | { readonly is: 'impossible'; readonly message: string }
  | ({ readonly is: 'awaited' } & AwaitedImage)

export interface AwaitedImage {
  readonly message: string
  /** The answer is on its way. */
  readonly isPending: boolean
}

/** @param steps merged over their template, with every variable replaced */
export function withImageCommands(steps: readonly Step[], answers: ImageAnswers): CommandedSteps {
  const images = new Set(steps.filter(asksItsImage).map(({ image = '' }) => image))
  const unasked = [...images].filter(image => !answers.has(image))
  if (unasked.length > 0) return { is: 'unasked', images: unasked }
  const commanded: Step[] = []
  for (const [index, step] of steps.entries()) {
    const answer = asksItsImage(step) ? answers.get(step.image ?? '') : undefined
    if (answer === undefined) {
      commanded.push(step)
      continue
    }
    const one = byAnswer(step, index, answer)
    if ('is' in one) return one
    commanded.push(one)
  }
  return { is: 'known', steps: commanded }
}

function asksItsImage({ image, script, command }: Step): boolean {
  return Boolean(image) && !script && !(command && command.length > 0)
}

function byAnswer(step: Step, index: number, answer: ImageAnswer): Step | Exclude<CommandedSteps, { is: 'known' }> {
  const { image = '', args = [] } = step
  const name = step.name || `unnamed-${index}`
  switch (answer.is) {
    case 'failed':
      return { is: 'impossible', message: notLookedUp(name, image, answer.message) }
    case 'away': {
      const official = officialCommand(image, args)
      return official
        ? ran(step, image, official)
        : { is: 'awaited', message: notLookedUp(name, image, answer.message), isPending: false }
    }
    case 'pending':
      return { is: 'awaited', message: notLookedUp(name, image, 'the registry has not answered yet'), isPending: true }
    case 'found': {
      const lines = Object.entries(answer.commands).map(
        ([architecture, command]) => [architecture, commandLine(command, args)] as const,
      )
      const [first, ...others] = lines
      const [architecture = '', line = []] = first ?? []
      const other = others.find(([, one]) => !sameJson(one, line))
      if (other) return { is: 'wrong', message: differs(name, image, architecture, other[0]) }
      return line.length === 0 ? { is: 'wrong', message: nothingToRun(name, image) } : ran(step, answer.image, line)
    }
  }
}

/** As Tekton, which differs from Kubernetes in one thing: a CMD without ENTRYPOINT stays before args. */
function commandLine({ entrypoint, cmd }: ImageCommand, args: readonly string[]): readonly string[] {
  if (entrypoint.length === 0) return [...cmd, ...args]
  return args.length === 0 ? [...entrypoint, ...cmd] : [...entrypoint, ...args]
}

function ran(step: Step, image: string, [program = '', ...args]: readonly string[]): Step {
  return { ...step, image, command: [program], args }
}

function notLookedUp(step: string, image: string, why: string): string {
  return `step "${step}" has neither "command" nor "script", and what its image "${image}" runs could not be looked up: ${why}`
}

function differs(step: string, image: string, one: string, other: string): string {
  return (
    `step "${step}" has neither "command" nor "script", its image "${image}" runs something else on ${one} than on ` +
    `${other}, and the Pod may get either: set "command", or kubernetes.io/arch in the podTemplate's nodeSelector`
  )
}

function nothingToRun(step: string, image: string): string {
  return (
    `step "${step}" has neither "command" nor "script" nor "args", and its image "${image}" has no command of its own: ` +
    'set "command" or "script" in the step'
  )
}
