/** A real `tektite up` on free ports, and what a user does with it. Needs the compiled program: `npm run build`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { apiVersionOf, KINDS, type Kind } from '../../src/resources/kinds.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { isDone } from '../../src/status/conditions.js'
import { until } from '../kubelet/until.js'
import { ROOT } from './cli.js'

/** Starts and runs take a fraction of a second; a machine that is busy with other tests takes longer. */
const PATIENCE_MS = 60_000

export interface Engine {
  /** Where it keeps everything. */
  readonly data: string
  readonly api: string
  /** '' where listeners are no part of it. */
  readonly hooks: string
  readonly token: string
  /** Everything said on standard error so far. */
  readonly said: () => string
  /** Ends the process and waits for it. Resolves to its exit code, null when it was killed. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>
}

/** `environment`: what it has besides that of this process. */
export async function startEngine(
  data: string,
  environment: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<Engine> {
  const args = [join(ROOT, 'bin/tektite.js'), 'up', '--data', data, '--port', '0', '--hooks-port', '0', ...flags]
  const env = { ...process.env, NO_COLOR: '1', TEKTITE_LOG_LEVEL: 'info', REDIS_URL: '', ...environment }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const { api, hooks = '' } = await until(
    'tektite up',
    () => {
      if (hasEnded(child)) throw new Error(`tektite up ended with ${child.exitCode}: ${said}`)
      return addressesOf(data, child.pid)
    },
    PATIENCE_MS,
  )
  return {
    data,
    api,
    hooks,
    token: readFileSync(join(data, 'token'), 'utf8').trim(),
    said: () => said,
    async end(signal) {
      if (!hasEnded(child)) {
        const ended = once(child, 'close')
        child.kill(signal)
        await ended
      }
      return child.exitCode
    },
  }
}

/** One for all tests of a file. It starts before them, with these manifests in it, and ends well after them. */
export function engineOfFile(
  purpose: string,
  manifests?: string,
  flags: readonly string[] = [],
): Engine & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), `tektite-${purpose}-`))
  const data = join(folder, 'data')
  let engine: Engine | undefined
  const started = (): Engine => {
    if (engine === undefined) throw new Error('the engine of a test file starts before its first test, not earlier')
    return engine
  }
  beforeAll(async () => {
    engine = await startEngine(data, {}, flags)
    if (manifests !== undefined) await apply(engine, manifests)
  }, 90_000)
  afterAll(async () => {
    expect(await engine?.end('SIGTERM')).toBe(0)
    rmSync(folder, { recursive: true, force: true })
    expect(existsSync(folder)).toBe(false)
  }, 90_000)
  return {
    folder,
    data,
    get api() {
      return started().api
    },
    get hooks() {
      return started().hooks
    },
    get token() {
      return started().token
    },
    said: () => started().said(),
    end: signal => started().end(signal),
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

interface Addresses {
  readonly api: string
  readonly hooks?: string
  readonly pid: number
}

function addressesOf(data: string, pid: number | undefined): Addresses | undefined {
  try {
    const found = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8')) as Addresses
    return found.pid === pid ? found : undefined
  } catch {
    // Not written yet, or half of it: look again.
    return undefined
  }
}

export interface ApiAnswer {
  readonly status: number
  readonly body: { readonly message?: string; readonly [field: string]: unknown }
}

export async function callApi(engine: Engine, method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  const response = await fetch(engine.api + path, {
    method,
    headers: { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as ApiAnswer['body'] }
}

export function pathOf(kind: Kind, namespace?: string): string {
  const version = apiVersionOf(kind)
  const place = namespace === undefined ? '' : `namespaces/${namespace}/`
  return `${version.includes('/') ? '/apis/' : '/api/'}${version}/${place}${KINDS[kind].plural}`
}

/** What must be taken, is. */
export async function apply(engine: Engine, manifests: string): Promise<void> {
  const admitted = admitManifests([{ file: 'manifests.yaml', text: manifests }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  for (const object of admitted.objects) {
    const kind = object.kind as Kind
    const path = pathOf(kind, KINDS[kind].namespaced ? 'default' : undefined)
    const { status, body } = await callApi(engine, 'POST', path, object)
    if (status !== 201) throw new Error(`${object.kind} "${object.metadata.name}": ${body.message}`)
  }
}

/** Every run and Pod of every namespace, as stored. */
export async function everything(engine: Engine): Promise<readonly unknown[]> {
  const kinds: readonly Kind[] = ['PipelineRun', 'TaskRun', 'CustomRun', 'Pod']
  const lists = await Promise.all(kinds.map(kind => callApi(engine, 'GET', pathOf(kind))))
  return lists.flatMap(({ body }) => body['items'] as unknown[])
}

export async function pipelineRuns(engine: Engine): Promise<readonly PipelineRun[]> {
  const { body } = await callApi(engine, 'GET', pathOf('PipelineRun'))
  return body['items'] as PipelineRun[]
}

export function doneRun(engine: Engine, name: string): Promise<PipelineRun> {
  const look = async () => {
    const { body } = await callApi(engine, 'GET', `${pathOf('PipelineRun', 'default')}/${name}`)
    const run = body as unknown as PipelineRun
    return isDone(run) && run
  }
  return until(`PipelineRun ${name} to be done`, look, PATIENCE_MS)
}

export function saying(engine: Engine, text: string): Promise<true> {
  return until(`the log to say ${text}`, () => engine.said().includes(text), PATIENCE_MS)
}

export function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  return until(what, look, PATIENCE_MS)
}

export async function deliver(
  engine: Engine,
  listener: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${engine.hooks}/hooks/default/${listener}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push', ...headers },
    body,
  })
  return { status: response.status, text: await response.text() }
}

export function signature(body: string, secret: string): Readonly<Record<string, string>> {
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
}
