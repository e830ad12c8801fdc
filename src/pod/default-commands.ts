/**
 * What well-known images run when a step says neither `command` nor `script`. A real registry would have to be asked
 * for any other image; we ask the author instead.
 */

/** By the last part of the image's name: what it runs when the step has no `args`. As the official images today. */
const IMAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['almalinux', ['/bin/bash']],
  ['alpine', ['/bin/sh']],
  ['amazonlinux', ['/bin/bash']],
  ['bash', ['bash']],
  ['busybox', ['sh']],
  ['debian', ['bash']],
  ['fedora', ['/bin/bash']],
  ['golang', ['bash']],
  ['node', ['node']],
  ['python', ['python3']],
  ['rockylinux', ['/bin/bash']],
  ['ubuntu', ['/bin/bash']],
])

/**
 * The whole command line; undefined for an image we do not know. `args` that begin with a dash are the image's own
 * program's: Tekton puts the image's CMD before args when there is no ENTRYPOINT, and docker-entrypoint.sh scripts look at
 * the dash. Other args are a command themselves.
 */
export function defaultCommand(image: string, args: readonly string[]): readonly string[] | undefined {
  const known = IMAGES.get(repositoryOf(image))
  if (known === undefined) return undefined
  return args.length === 0 || args[0]?.startsWith('-') ? [...known, ...args] : args
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
