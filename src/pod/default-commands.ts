/**
 * What well-known images run when a step says neither `command` nor `script`. A real registry would have to be asked
 * for any other image; we ask the author instead.
 */

interface ImageDefaults {
  /** What runs when the step has no `args`. */
  readonly command: readonly string[]
  /** The image's entrypoint puts this program before `args` that begin with a dash, as docker-entrypoint.sh scripts do. */
  readonly program?: string
}

/** By the last part of the image's name. As the official images on the day of writing. */
const IMAGES: ReadonlyMap<string, ImageDefaults> = new Map([
  ['almalinux', { command: ['/bin/bash'] }],
  ['alpine', { command: ['/bin/sh'] }],
  ['amazonlinux', { command: ['/bin/bash'] }],
  ['bash', { command: ['bash'], program: 'bash' }],
  ['busybox', { command: ['sh'] }],
  ['debian', { command: ['bash'] }],
  ['fedora', { command: ['/bin/bash'] }],
  ['golang', { command: ['bash'] }],
  ['node', { command: ['node'], program: 'node' }],
  ['python', { command: ['python3'] }],
  ['rockylinux', { command: ['/bin/bash'] }],
  ['ubuntu', { command: ['/bin/bash'] }],
])

/** The whole command line; undefined for an image we do not know. */
export function defaultCommand(image: string, args: readonly string[]): readonly string[] | undefined {
  const known = IMAGES.get(repositoryOf(image))
  if (known === undefined) return undefined
  if (args.length === 0) return known.command
  return known.program !== undefined && args[0]?.startsWith('-') ? [known.program, ...args] : args
}

export function defaultCommandProblem(step: string, image: string): string {
  return (
    `step "${step}" has neither "command" nor "script", and the default command of its image "${image}" is not known: ` +
    `set "command" or "script" in the step. Known images are ${[...IMAGES.keys()].join(', ')}`
  )
}

function repositoryOf(image: string): string {
  const path = image.split('@')[0] ?? ''
  return (path.split('/').at(-1) ?? '').split(':')[0] ?? ''
}
