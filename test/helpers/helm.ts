/** The real helm, and the kubectl that came with it: `npm test` fetches them (scripts/helm.js). */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './cli.js'
import { yamlDocuments } from './yaml.js'

export const CHART = join(ROOT, 'charts/tektite')
/** Holds `helm` and `kubectl`. */
export const PROGRAMS = join(ROOT, 'node_modules/.cache/helm-4')

export interface ProgramResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ChartObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export interface ProgramOptions {
  readonly kubeconfig?: string
  readonly input?: string
}

/** It keeps what it keeps in a folder that is gone with this call, and knows no cluster but that of `kubeconfig`. */
export function program(
  name: 'helm' | 'kubectl',
  args: readonly string[],
  options: ProgramOptions = {},
): ProgramResult {
  const file = join(PROGRAMS, name)
  if (!existsSync(file)) throw new Error(`there is no ${file}: \`npm test\` fetches it (scripts/helm.js)`)
  const home = mkdtempSync(join(tmpdir(), 'tektite-helm-'))
  const { kubeconfig = join(home, 'none'), input = '' } = options
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig }
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      encoding: 'utf8',
      env,
      input,
      maxBuffer: 2 ** 26,
    })
    if (error) throw new Error(`${file} does not start`, { cause: error })
    return { code: status, stdout, stderr }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** What comes out for these values, which may be a file's name or `--set` texts. @throws Error with helm's words */
export function template(args: readonly string[], namespace = 'tektite'): string {
  return succeeding('helm', ['template', 'tektite', CHART, '--namespace', namespace, ...args])
}

/** Its standard output. @throws Error with its words when it fails */
export function succeeding(name: 'helm' | 'kubectl', args: readonly string[], options: ProgramOptions = {}): string {
  const { code, stdout, stderr } = program(name, args, options)
  if (code !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`)
  return stdout
}

export function objectsIn(rendered: string): readonly ChartObject[] {
  return yamlDocuments<ChartObject | null>(rendered).filter(each => each !== null)
}
