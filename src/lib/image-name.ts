/** What an image is called, without where it comes from and which build of it: `mirror.gcr.io/library/node:20-alpine`. */
export interface ImageName {
  /** The last part of its path: `node`. */
  readonly repository: string
  /** The part before that: `library`; '' when there is none. Never the registry's host. */
  readonly owner: string
  /** '' when there is none. */
  readonly tag: string
}

export function imageName(image: string): ImageName {
  const parts = (image.split('@')[0] ?? '').split('/')
  const [repository = '', tag = ''] = (parts.at(-1) ?? '').split(':')
  // As Docker reads it: a first part with a dot, a port or `localhost` is a host.
  const owners = parts.slice(0, -1).filter((part, at) => at > 0 || !/[.:]|^localhost$/.test(part))
  return { repository, owner: owners.at(-1) ?? '', tag }
}
