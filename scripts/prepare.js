/**
 * Installs and builds what a fresh clone lacks, and nothing twice. Uses only what Node itself brings, because it runs
 * before there is a node_modules.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const CACHE = join(ROOT, 'node_modules', '.cache', 'tektite')

/** Runs a command with its output shown; ends this process when it fails, saying what was being done. */
export function run(what, command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
  if (result.status === 0) return
  const why = result.error ? result.error.message : `exit code ${result.status ?? result.signal}`
  console.error(`\ntektite: ${what} failed (${[command, ...args].join(' ')}): ${why}`)
  process.exit(1)
}

/** npm packages as package-lock.json says. Done again only when that file changed. */
export function installPackages() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) {
    console.error(`tektite: Node ${process.versions.node} is too old; install Node 20 or newer`)
    process.exit(1)
  }
  once('packages', digest([join(ROOT, 'package-lock.json')]), () => {
    step('installing npm packages')
    // Not `npm ci`: it refuses a lock file that does not list every optional package of every other platform, and a
    // registry that lacks some of those makes such a lock file. This installs the same versions, and saves nothing.
    run('installing the npm packages', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  })
}

/** The C programs and the TypeScript, compiled. Done again only when a source is newer than what was built from it. */
export function build() {
  if (isNewer(sourcesOf('entrypoint', 'src/kubelet/shim'), stamp('native'))) {
    ensureDebianPackage('make', 'make')
    step('building the entrypoint and the shim')
    run('building the entrypoint', 'make', ['-s', '-C', 'entrypoint'])
    run('building the shim', 'make', ['-s', '-C', 'src/kubelet/shim'])
    touch('native')
  }
  if (
    isNewer(
      [...sourcesOf('src', 'listeners', 'workers', 'dashboard'), join(ROOT, 'tsconfig.build.json')],
      stamp('typescript'),
    )
  ) {
    step('compiling TypeScript')
    run('compiling TypeScript', process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
    ])
    touch('typescript')
  }
  if (
    isNewer([...sourcesOf('ui'), join(ROOT, 'package-lock.json')], stamp('dashboard')) ||
    !existsSync(join(ROOT, 'dist/ui'))
  ) {
    step('building the dashboard')
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
    run('building the dashboard', process.execPath, [
      vite,
      'build',
      '--config',
      'ui/vite.config.ts',
      '--logLevel',
      'warn',
    ])
    touch('dashboard')
  }
  // Not on the clock: it is made of the packages and of the kinds, whichever of them was touched last.
  const schemas = join(ROOT, 'dist/kubernetes-schemas.txt')
  const makers = [
    'package-lock.json',
    'scripts/kubernetes-schemas.js',
    'scripts/merge-rules.js',
    'dist/src/resources/kinds.js',
    'dist/src/resources/plain-kinds.js',
    'dist/src/resources/kind-table.js',
    'dist/src/api/openapi/schema.js',
  ]
  if (!existsSync(schemas)) remove('schemas')
  once('schemas', digest(makers.map(file => join(ROOT, file))), () => {
    step('writing the schemas of Kubernetes')
    run('writing the schemas of Kubernetes', process.execPath, [join(ROOT, 'scripts/kubernetes-schemas.js'), schemas])
  })
}

/**
 * A program from Debian's packages, when it is not on the PATH, or any file of a package, by its path. Resolves to whether it is there now; why not is
 * printed, and the tests that need it fail with the same words.
 */
export function ensureDebianPackage(program, debianPackage) {
  if (onPath(program)) return true
  step(`installing ${debianPackage}`)
  const install = () => aptGet(['install', '--no-install-recommends', debianPackage])
  const installed = install() || (aptGet(['update']) && install())
  if (installed && onPath(program)) return true
  console.error(
    `tektite: ${program} is missing and could not be installed; install it yourself (Debian: apt-get install ${debianPackage})`,
  )
  return false
}

/** Whether it went well. As root, or with a sudo that asks nothing. */
export function aptGet(args) {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const [command, ...rest] = [...sudo, 'apt-get', '-qq', '-y', ...args]
  // Runlevel 1 keeps Debian from starting the server it installs: tests start their own, on free ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  return spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0
}

export function step(what) {
  console.error(`tektite: ${what} …`)
}

function onPath(program) {
  if (program.startsWith('/')) return existsSync(program)
  return (process.env.PATH ?? '').split(':').some(dir => dir !== '' && existsSync(join(dir, program)))
}

function once(name, key, work) {
  const file = stamp(name)
  if (existsSync(file) && readFileSync(file, 'utf8') === key) return
  work()
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(file, key)
}

function stamp(name) {
  return join(CACHE, name)
}

function remove(name) {
  rmSync(stamp(name), { force: true })
}

function touch(name) {
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(stamp(name), '')
}

function digest(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}

function isNewer(files, than) {
  if (!existsSync(than) || !existsSync(join(ROOT, 'dist')) || !existsSync(join(ROOT, 'entrypoint/build'))) return true
  const built = statSync(than).mtimeMs
  return files.some(file => statSync(file).mtimeMs > built)
}

/** Every source file below these folders; folders too, so that a removed file counts as a change. */
function sourcesOf(...folders) {
  return folders.flatMap(folder => walk(join(ROOT, folder)))
}

function walk(folder) {
  return [
    folder,
    ...readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.name !== 'build')
      .flatMap(entry => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)])),
  ]
}
