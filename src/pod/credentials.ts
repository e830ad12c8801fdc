/**
 * A service account's secrets, as far as they log steps in to git hosts and registries. The Pod only mounts them: what
 * is in them goes from the kubelet to the entrypoint, which writes the files that git, ssh and docker look for.
 */
import { HOME_ANNOTATION } from '../resources/annotations.js'
import type { EnvVar, Volume, VolumeMount } from '../resources/core.js'
import { hashedName } from '../run/names.js'
import type { FeatureFlags } from '../run/settings.js'
import type { CredentialFlag } from './entrypoint-args.js'

/** What there is to know about a Secret without its values. */
export interface SecretFacts {
  readonly name: string
  readonly type: string
  readonly annotations: Readonly<Record<string, string>>
  readonly keys: readonly string[]
}

export interface Credentials {
  readonly flags: readonly CredentialFlag[]
  readonly volumes: readonly Volume[]
  /** Of step `index`. */
  readonly mounts: (index: number) => readonly VolumeMount[]
  /** Under what the step says itself. */
  readonly env: readonly EnvVar[]
  readonly podAnnotations: Readonly<Record<string, string>>
}

export const CREDENTIALS_FOLDER = '/tekton/creds'
const SECRETS_FOLDER = '/tekton/creds-secrets'
const FILES_VOLUME = 'tekton-internal-creds'
const HOME = '/tekton/home'

export const NO_CREDENTIALS: Credentials = { flags: [], volumes: [], mounts: () => [], env: [], podAnnotations: {} }

/**
 * As Tekton's pkg/credentials: which annotations of which types count, and in which order. A text is what is wrong, in
 * Tekton's words.
 */
export function credentialsOf(
  secrets: readonly SecretFacts[],
  { disableCredsInit, requireGitSshSecretKnownHosts }: FeatureFlags,
): Credentials | string {
  if (disableCredsInit) return NO_CREDENTIALS
  const ssh = secrets.filter(({ type }) => type === 'kubernetes.io/ssh-auth')
  const hostless = ssh.filter(({ keys }) => !keys.includes('known_hosts'))
  if (requireGitSshSecretKnownHosts && hostless.length > 0) {
    return 'TaskRun validation failed. Git SSH Secret must have "known_hosts" included when feature flag "require-git-ssh-secret-known-hosts" is set to true'
  }
  const used = secrets.map(secret => ({ secret, flags: flagsOf(secret) })).filter(({ flags }) => flags.length > 0)
  const flags = used.flatMap(one => one.flags)
  if (flags.length === 0) return NO_CREDENTIALS
  const twice = repeatedLogin(flags)
  if (twice) return `multiple entries for url: ${twice}`

  const names: string[] = []
  for (const { secret } of used) names.push(volumeName(secret.name, names))
  const withSsh = flags.filter(({ kind }) => kind === 'ssh_git').map(({ secretFolder }) => secretFolder)
  return {
    flags,
    volumes: [
      { name: FILES_VOLUME, emptyDir: { medium: 'Memory' } },
      ...used.map(({ secret }, index) => ({ name: names[index] ?? '', secret: { secretName: secret.name } })),
    ],
    mounts: index => [
      { name: FILES_VOLUME, mountPath: CREDENTIALS_FOLDER, subPath: String(index) },
      ...used.map(({ secret }, at) => ({ name: names[at] ?? '', mountPath: folderOf(secret.name), readOnly: true })),
    ],
    env: withSsh.length > 0 ? [sshCommand(hostless.some(({ name }) => withSsh.includes(folderOf(name))))] : [],
    podAnnotations: { [HOME_ANNOTATION]: HOME },
  }
}

/** Docker's before git's, each by URL. */
function flagsOf({ name, type, annotations }: SecretFacts): readonly CredentialFlag[] {
  const secretFolder = folderOf(name)
  const urls = (prefix: string) =>
    Object.entries(annotations)
      .filter(([key, url]) => key.startsWith(prefix) && url !== '')
      .map(([, url]) => url)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  switch (type) {
    case 'kubernetes.io/basic-auth':
      return [
        ...urls('tekton.dev/docker-').map(url => ({ kind: 'basic_docker', secretFolder, url }) as const),
        ...urls('tekton.dev/git-').map(url => ({ kind: 'basic_git', secretFolder, url }) as const),
      ]
    case 'kubernetes.io/ssh-auth':
      return urls('tekton.dev/git-').map(url => ({ kind: 'ssh_git', secretFolder, url }) as const)
    case 'kubernetes.io/dockerconfigjson':
      return [{ kind: 'docker_config', secretFolder }]
    case 'kubernetes.io/dockercfg':
      return [{ kind: 'docker_cfg', secretFolder }]
    default:
      return []
  }
}

/** Several keys may fit one ssh host; of passwords there is one. */
function repeatedLogin(flags: readonly CredentialFlag[]): string | undefined {
  const logins = flags.flatMap(flag =>
    flag.kind === 'basic_git' || flag.kind === 'basic_docker' ? [{ kind: flag.kind, url: flag.url }] : [],
  )
  return logins.find((one, at) => logins.findIndex(({ kind, url }) => kind === one.kind && url === one.url) < at)?.url
}

/**
 * ssh looks for its files where /etc/passwd says that the user's home is, not in $HOME; so it is told. A host whose key
 * the secret does not name is trusted at first sight.
 */
function sshCommand(trustsNewHosts: boolean): EnvVar {
  const folder = `${CREDENTIALS_FOLDER}/.ssh`
  const trust = trustsNewHosts ? ' -o StrictHostKeyChecking=accept-new' : ''
  return {
    name: 'GIT_SSH_COMMAND',
    value: `ssh -F ${folder}/config -o UserKnownHostsFile=${folder}/known_hosts${trust}`,
  }
}

function folderOf(secret: string): string {
  return `${SECRETS_FOLDER}/${secret}`
}

/** As Tekton; names of secrets may hold dots and be long, names of volumes may not. */
function volumeName(secret: string, taken: readonly string[]): string {
  let name = hashedName('tekton-creds', secret, 8)
  while (taken.includes(name)) name = hashedName('tekton-creds', `${name}$`, 8)
  return name
}
