/** The real kubectl: Debian's old one, and the one on the PATH. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './cli.js'

export interface Kubectl {
  /** As `1.20.2`. */
  readonly version: string
  /** The folder it is in: put first on a PATH, `kubectl` is this one. */
  readonly folder: string
}

/** Each version once, the oldest first. `npm test` fetches Debian's. */
export const KUBECTLS: readonly Kubectl[] = findKubectls()

function findKubectls(): readonly Kubectl[] {
  const cache = join(ROOT, 'node_modules/.cache')
  const cached = existsSync(cache) ? readdirSync(cache).filter(name => name.startsWith('kubectl-')) : []
  const onPath = (process.env['PATH'] ?? '').split(':').find(folder => existsSync(join(folder, 'kubectl')))
  const folders = [...cached.map(name => join(cache, name, 'usr/bin')), ...(onPath === undefined ? [] : [onPath])]
  const found = new Map(folders.map(folder => [versionOf(folder), folder]))
  if (found.size === 0) {
    throw new Error(
      'no kubectl: `npm test` fetches the one of Debian (package kubernetes-client), or put one on the PATH',
    )
  }
  return [...found]
    .map(([version, folder]) => ({ version, folder }))
    .sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
}

function versionOf(folder: string): string {
  const { stdout, error } = spawnSync(join(folder, 'kubectl'), ['version', '--client', '--output=json'], {
    encoding: 'utf8',
  })
  if (error) throw new Error(`${dirname(folder)}/kubectl does not start`, { cause: error })
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { gitVersion: string } }
  // The one of Google's SDK says v1.32.4-dispatcher.
  return /\d+\.\d+\.\d+/.exec(clientVersion.gitVersion)?.[0] ?? clientVersion.gitVersion
}
