/**
 * Debian's kubectl, beside the one on the PATH: the API is tried with an old and a new one. It is taken out of its
 * package into `node_modules/.cache`, because installing it would put it over the other.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { aptGet, ROOT, step } from './prepare.js'

const CACHE = join(ROOT, 'node_modules', '.cache')
const PACKAGE = 'kubernetes-client'

/** Whether it is there now; why not is printed, and the tests run with the one on the PATH or fail. */
export function ensureDebianKubectl() {
  if (isInstalled() || unpacked().length > 0) return true
  step(`downloading ${PACKAGE}`)
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'kubernetes-client-'))
  try {
    const problem = download(folder) ?? unpack(folder)
    if (problem === undefined) return true
    console.error(`tektite: Debian's kubectl could not be had: ${problem}; install ${PACKAGE} yourself`)
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Is the kubectl on the PATH the one of Debian's package? */
function isInstalled() {
  const found = (process.env.PATH ?? '').split(':').map(dir => join(dir, 'kubectl'))
  const path = found.find(file => existsSync(file))
  if (path === undefined) return false
  return [path, realpathSync(path)].some(file => output('dpkg-query', ['-S', file])?.startsWith(`${PACKAGE}:`))
}

function unpacked() {
  return existsSync(CACHE) ? readdirSync(CACHE).filter(name => /^kubectl-\d/.test(name)) : []
}

function download(folder) {
  const get = () => spawnSync('apt-get', ['-qq', 'download', PACKAGE], { cwd: folder, stdio: 'ignore' }).status === 0
  return get() || (aptGet(['update']) && get()) ? undefined : `apt-get download ${PACKAGE} failed`
}

function unpack(folder) {
  const [archive] = readdirSync(folder).filter(name => name.endsWith('.deb'))
  if (archive === undefined) return `apt-get download ${PACKAGE} brought no package`
  const to = join(folder, 'unpacked')
  if (output('dpkg-deb', ['-x', join(folder, archive), to]) === undefined) return `dpkg-deb -x ${archive} failed`
  const said = output(join(to, 'usr/bin/kubectl'), ['version', '--client', '--output=json'])
  const version = said === undefined ? undefined : JSON.parse(said).clientVersion.gitVersion.replace(/^v/, '')
  if (version === undefined) return `the kubectl in ${archive} does not start`
  const place = join(CACHE, `kubectl-${version}`)
  // Whole or not at all: who looks meanwhile finds none, not half of one.
  if (!existsSync(place)) renameSync(to, place)
  return undefined
}

/** What it prints; undefined when it fails. */
function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return status === 0 ? stdout : undefined
}
