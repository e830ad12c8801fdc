/** `tektite init`: files that work, for the repository at hand. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { cloneUrl, gitHostOf, objectName, pipelineYaml, scheduleYaml, webhookYaml } from '../../init/manifests.js'
import { projectAt } from '../../init/project.js'
import type { CliContext } from '../context.js'
import { gitOutput } from '../git-output.js'
import { printable, styleFor } from '../print/style.js'

export interface InitOptions {
  readonly folder: string
  /** Of the Pipeline; by default that of the folder. */
  readonly name?: string
  /** Write over files that are there. */
  readonly force: boolean
  readonly dryRun: boolean
}

export async function initCommand({ stdout, stderr, config }: CliContext, options: InitOptions): Promise<number> {
  const style = styleFor(stderr, config)
  const refuse = (message: string): number => {
    stderr.write(`${style.red('error')}: ${message}\n`)
    return 2
  }
  const folder = resolve(options.folder)
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    return refuse(`"${folder}" cannot be read: ${(error as Error).message}`)
  }
  const project = projectAt({
    names,
    has: name => names.includes(name),
    read: name => (names.includes(name) ? readFileSync(join(folder, name), 'utf8') : ''),
  })
  const name = objectName(options.name ?? basename(folder))
  if (options.name !== undefined && options.name !== name) {
    return refuse(
      `--name "${options.name}" is no name of an object: lower case letters, digits and "-", such as "${name}"`,
    )
  }
  const remote = await gitOutput(folder, ['remote', 'get-url', 'origin'])
  const repository = { name, host: gitHostOf(remote), url: cloneUrl(remote) }
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const files = [
    { name: 'pipeline.yaml', text: pipelineYaml(repository, project) },
    { name: 'webhook.yaml', text: webhookYaml(repository) },
    // Without an address there is nothing to clone at night.
    ...(repository.url === '' ? [] : [{ name: 'nightly.yaml', text: scheduleYaml(repository, timeZone) }]),
  ].map(file => ({ ...file, path: join(folder, '.tekton', file.name) }))

  if (options.dryRun) {
    for (const { path, text } of files) stdout.write(`# ${relative(folder, path)}\n${text}---\n`)
    return 0
  }
  const there = files.filter(({ path }) => existsSync(path))
  if (there.length > 0 && !options.force) {
    const listed = there.map(({ path }) => relative(process.cwd(), path)).join(', ')
    return refuse(
      `${listed} ${there.length === 1 ? 'is' : 'are'} there already: give --force to write over, or change by hand`,
    )
  }
  await mkdir(join(folder, '.tekton'), { recursive: true })
  for (const { path, text } of files) await writeFile(path, text)

  const shown = (path: string) => printable(relative(process.cwd(), path))
  const pipeline = shown(files[0]!.path)
  const tasks = project.tasks.map(each => each.name).join(', ')
  stdout.write(
    `This is ${project.is}: ${tasks}.\n${files.map(({ path }) => `  wrote ${shown(path)}\n`).join('')}
Run it with what is in this folder, uncommitted changes too (needs ${project.program} on this machine):
  tektite run -f ${pipeline} -w source=${shown(folder) || '.'}
For each push, with pages to look at:
  tektite up                                  # goes on running; prints where its pages are
  export KUBECONFIG=.tektite/kubeconfig       # in another terminal
  kubectl apply -f ${shown(join(folder, '.tekton'))}
  kubectl create secret generic webhook --from-literal=token="$(openssl rand -hex 20)"
and give your git host that token, and the address http://<this machine>:6480/hooks/default/${name}
`,
  )
  if (repository.url === '') stdout.write('No git remote "origin" that others reach: no nightly.yaml was written.\n')
  return 0
}
