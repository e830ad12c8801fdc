/**
 * Carries out the Dockerfile in a folder, without docker: what would be in the image stands in FOLDER afterwards, and a file
 * that is not copied is not there. What `apt-get` would install has to be on this machine.
 *
 *   node scripts/image.js FOLDER [amd64|arm64]
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, step } from './prepare.js'

/** `{ word, text }` of each instruction, with long ones in one line. */
export function readDockerfile(text) {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [, word, rest] = /^([A-Z]+) +(.*)$/.exec(line.trim()) ?? []
      if (word === undefined) throw new Error(`Dockerfile: ${JSON.stringify(line)} is no instruction`)
      return { word, text: rest.trim() }
    })
}

/**
 * Returns what the last stage says: `root` is its file system, `workdir` a path in it, and `environment`, `user`,
 * `entrypoint`, `command` are what a container would be started with. `quick`: packages are links to the ones of this
 * checkout, as package-lock.json tells them apart, and the entrypoint is this machine's for both architectures.
 */
export function carryOut({ folder, architecture, quick = false }) {
  const context = createContext()
  const stages = new Map()
  const args = { TARGETARCH: architecture }
  let stage
  for (const { word, text } of readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    const expanded = text.replace(/\$\{(\w+)\}/g, (_, name) => args[name] ?? '')
    switch (word) {
      case 'ARG': {
        const [name, value] = text.split('=')
        if (value !== undefined) args[name] = value
        break
      }
      case 'FROM': {
        const [, name = 'final'] = / AS (\w+)$/.exec(text) ?? []
        stage = { root: join(folder, name), workdir: '/', environment: {} }
        mkdirSync(stage.root, { recursive: true })
        stages.set(name, stage)
        break
      }
      case 'WORKDIR':
        stage.workdir = text
        mkdirSync(inStage(stage, text), { recursive: true })
        break
      case 'COPY':
        copy(expanded, stage, stages, context)
        break
      case 'RUN':
        carryOutCommand(expanded, stage, { architecture, quick })
        break
      case 'ENV':
        for (const [, name, value] of text.matchAll(/(\w+)=(\S+)/g)) stage.environment[name] = value
        break
      case 'USER':
        stage.user = text
        break
      case 'ENTRYPOINT':
        stage.entrypoint = JSON.parse(text)
        break
      case 'CMD':
        stage.command = JSON.parse(text)
        break
      case 'EXPOSE':
        break
      default:
        throw new Error(`Dockerfile: nothing here carries out ${word}`)
    }
  }
  return stage
}

/** What docker would be sent: .dockerignore leaves everything out but what it names. */
function createContext() {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(line => /^[^#]/.test(line))
  if (lines[0] !== '*') throw new Error('.dockerignore: the first line is to leave everything out')
  const taken = lines.filter(line => line.startsWith('!')).map(line => line.slice(1))
  const left = lines.slice(1).filter(line => !line.startsWith('!'))
  const has = path => {
    const within = names => names.some(name => path === name || path.startsWith(`${name}/`))
    return within(taken) && !within(left)
  }
  return { has }
}

function copy(text, stage, stages, context) {
  const [, from, paths] = /^(?:--from=(\w+) )?(.*)$/.exec(text)
  const [to, ...sources] = paths.split(/\s+/).reverse()
  for (const source of sources) {
    const file = from === undefined ? join(ROOT, source) : join(stages.get(from).root, source)
    if (from === undefined && !context.has(source))
      throw new Error(`.dockerignore leaves out ${source}, which is copied`)
    if (!existsSync(file)) throw new Error(`COPY ${text}: there is no ${file}`)
    const target = inStage(stage, /\/$/.test(to) ? join(to, basename(source)) : to)
    mkdirSync(dirname(target), { recursive: true })
    const filter = each => from !== undefined || context.has(join(source, each.slice(file.length)))
    cpSync(file, target, { recursive: true, filter, verbatimSymlinks: true })
  }
}

function carryOutCommand(text, stage, { architecture, quick }) {
  const folder = inStage(stage, stage.workdir)
  // The base image's own files are not here.
  if (text.includes('apt-get')) return
  const shortcut = quick ? shortcutFor(text) : undefined
  if (shortcut !== undefined) {
    shortcut(folder)
    return
  }
  step(text)
  const env = { ...process.env, ...stage.environment, TARGETARCH: architecture }
  const { status } = spawnSync('sh', ['-c', text], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`RUN ${text} ended with ${status}`)
}

function shortcutFor(text) {
  if (text.startsWith('npm install')) return folder => linkPackages(folder, text.includes('--omit=dev'))
  // What is linked is others' too.
  if (text.startsWith('rm ')) return () => {}
  if (!text.startsWith('make ')) return undefined
  return folder => {
    for (const [, architecture] of text.matchAll(/ARCH=(\w+)/g)) {
      const to = join(folder, 'entrypoint', 'build')
      mkdirSync(to, { recursive: true })
      cpSync(join(ROOT, 'entrypoint/build/entrypoint'), join(to, `entrypoint-${architecture}`))
    }
  }
}

/** Links to what package-lock.json says is installed: all of it, or what is not for development only. */
function linkPackages(folder, production) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const isNested = path.lastIndexOf('node_modules/') !== 0
    if (isNested || (production && (dev || devOptional)) || !existsSync(join(ROOT, path))) continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(join(ROOT, path), join(folder, path))
  }
}

function inStage({ root, workdir }, path) {
  return join(root, resolve(workdir, path))
}

/** Bytes of the files in a folder, by the names in it. */
function sizes(folder) {
  return readdirSync(folder).map(name => {
    const path = join(folder, name)
    const inside = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : ['']
    const files = inside.map(each => statSync(join(path, each))).filter(each => each.isFile())
    return [name, files.reduce((sum, { size }) => sum + size, 0)]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, architecture = process.arch === 'x64' ? 'amd64' : 'arm64'] = process.argv.slice(2)
  if (folder === undefined || !['amd64', 'arm64'].includes(architecture) || existsSync(folder)) {
    console.error('usage: node scripts/image.js FOLDER [amd64|arm64]; the folder is made')
    process.exit(2)
  }
  const { root, workdir } = carryOut({ folder: resolve(folder), architecture })
  console.log(`${root} is what the image adds to its base:`)
  for (const [name, bytes] of sizes(join(root, workdir))) console.log(`  ${name}: ${(bytes / 1e6).toFixed(1)} MB`)
}
