/**
 * Which program is /bin/sh in an image. Images are not used here, but scripts lean on their shell: `[ a == b ]` and
 * `[[ … ]]` work in Alpine's and not in Debian's. An image we do not know has the machine's own.
 */
import { imageName } from '../lib/image-name.js'

export type ImageShell = 'busybox' | 'busybox-only' | 'bash' | 'dash'

/** Alpine, what is made of it by default, and BusyBox itself. */
const BUSYBOX_OWNERS = new Set(['alpine', 'chainguard', 'curlimages', 'hashicorp', 'mikefarah'])
const BUSYBOX = new Set(['alpine', 'busybox', 'curl', 'docker', 'git-init', 'helm', 'wolfi-base', 'yq'])
/** Red Hat's family, SUSE's and Arch. */
const BASH = new Set([
  ...[
    'almalinux',
    'amazonlinux',
    'archlinux',
    'aws-cli',
    'centos',
    'fedora',
    'fedora-minimal',
    'oraclelinux',
    'photon',
  ],
  ...['rockylinux', 'ubi', 'ubi-init', 'ubi-micro', 'ubi-minimal', 'ubi7', 'ubi8', 'ubi9', 'ubi10'],
  ...['leap', 'opensuse', 'tumbleweed'],
])
/** Debian's family, and the languages' official images, which are built on it unless their tag says otherwise. */
const DASH = new Set([
  ...['buildpack-deps', 'debian', 'ubuntu'],
  ...[
    'eclipse-temurin',
    'gcc',
    'golang',
    'gradle',
    'maven',
    'node',
    'openjdk',
    'perl',
    'php',
    'python',
    'ruby',
    'rust',
  ],
])

/** Undefined when the image is not known. */
export function imageShell(image: string): ImageShell | undefined {
  const { repository, owner, tag } = imageName(image)
  if (/\b(alpine|busybox|wolfi)/.test(tag) || repository.endsWith('-alpine')) return 'busybox'
  if (/\b(ubi|fedora|amazonlinux)/.test(tag)) return 'bash'
  if (owner.startsWith('ubi') || BASH.has(repository)) return 'bash'
  // Alpine too. Where BusyBox is missing, Bash must not stand in: scripts for this image that mean Bash say so, and those
  // that do not are ash's, to which dash is nearer. `[[ $(nothing) != x ]]` is false in both, and true in Bash.
  if (repository === 'bash') return 'busybox-only'
  if (BUSYBOX_OWNERS.has(owner) || BUSYBOX.has(repository)) return 'busybox'
  return DASH.has(repository) ? 'dash' : undefined
}
