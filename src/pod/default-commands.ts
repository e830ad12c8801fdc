/**
 * What well-known images run when a step says neither `command` nor `script`. On a cluster their registry is asked
 * (`image-commands.ts`); where there are no images, we ask the author about any other.
 */
import { imageName } from '../lib/image-name.js'

/** Images with a command that args replace, by the last part of their names. As the official images today. */
const COMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['almalinux', ['/bin/bash']],
  ['alpine', ['/bin/sh']],
  ['amazonlinux', ['/bin/bash']],
  ['archlinux', ['/usr/bin/bash']],
  ['bash', ['bash']],
  ['buildpack-deps', ['bash']],
  ['busybox', ['sh']],
  ['centos', ['/bin/bash']],
  ['debian', ['bash']],
  ['docker', ['sh']],
  ['eclipse-temurin', ['jshell']],
  ['fedora', ['/bin/bash']],
  ['gcc', ['bash']],
  ['golang', ['bash']],
  ['golangci-lint', ['bash']],
  ['gradle', ['gradle']],
  ['maven', ['mvn']],
  ['node', ['node']],
  ['openjdk', ['jshell']],
  ['perl', ['perl', '-de0']],
  ['php', ['php', '-a']],
  ['python', ['python3']],
  ['rockylinux', ['/bin/bash']],
  ['ruby', ['irb']],
  ['rust', ['bash']],
  ['ubi', ['/bin/bash']],
  ['ubi-minimal', ['/bin/bash']],
  ['ubuntu', ['/bin/bash']],
])

/** Images that are one program, which gets all args. Here it is looked for on the PATH. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['aws-cli', 'aws'],
  ['cosign', 'cosign'],
  ['crane', 'crane'],
  ['curl', 'curl'],
  ['git', 'git'],
  ['git-init', 'git-init'],
  ['helm', 'helm'],
  ['jq', 'jq'],
  ['ko', 'ko'],
  ['kubectl', 'kubectl'],
  ['shellcheck', 'shellcheck'],
  ['skopeo', 'skopeo'],
  ['terraform', 'terraform'],
  ['trivy', 'trivy'],
  ['yq', 'yq'],
])

/**
 * The whole command line; undefined for an image we do not know. `args` that begin with a dash are the image's own
 * program's: Tekton puts the image's CMD before args when there is no ENTRYPOINT, and docker-entrypoint.sh scripts look at
 * the dash. Other args are a command themselves.
 */
export function defaultCommand(image: string, args: readonly string[]): readonly string[] | undefined {
  const { repository } = imageName(image)
  const program = PROGRAMS.get(repository)
  if (program !== undefined) return [program, ...args]
  const known = COMMANDS.get(repository)
  if (known === undefined) return undefined
  return args.length === 0 || args[0]?.startsWith('-') ? [...known, ...args] : args
}

/** Of an official image of Docker Hub, or a mirror's copy: nobody else's image is taken for one by its name. */
export function officialCommand(image: string, args: readonly string[]): readonly string[] | undefined {
  const isOfficial = !image.includes('/') || imageName(image).owner === 'library'
  return isOfficial ? defaultCommand(image, args) : undefined
}

export function defaultCommandProblem(step: string, image: string): string {
  return (
    `step "${step}" has neither "command" nor "script", and the default command of its image "${image}" is not known: ` +
    'set "command" or "script" in the step'
  )
}
