export interface Instruction {
  readonly word: string
  readonly text: string
}
export function readDockerfile(text: string): readonly Instruction[]

export interface Image {
  /** A folder that holds the file system, without the base image's. */
  readonly root: string
  readonly workdir: string
  readonly environment: Readonly<Record<string, string>>
  readonly user?: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
}
export function carryOut(options: {
  readonly folder: string
  readonly architecture: 'amd64' | 'arm64'
  readonly quick?: boolean
}): Image
