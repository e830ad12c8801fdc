import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Pod } from '../../src/resources/core.js'
import { builtShim } from './built-shim.js'
import { compiled } from './compiled.js'
import { processesMentioning } from './processes.js'
import { until } from './until.js'

const shimPath = builtShim()
let root: string
let sources: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tektite-kill-'))
  sources = compiled(root, ['kubelet/kubelet.ts', 'kubelet/process.ts', 'logs/files.ts'])
})

afterAll(async () => {
  expect(processesMentioning(root)).toEqual([])
  await rm(root, { recursive: true })
})

const started: ChildProcess[] = []

function startKubeletProcess(dir: string): ChildProcess {
  const fixture = join(import.meta.dirname, 'kubelet-process.mjs')
  const child = spawn(process.execPath, [fixture, sources, shimPath, dir], { stdio: ['ignore', 'inherit', 'inherit'] })
  started.push(child)
  return child
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL') // only after a failed test is one still there
})

/** Each step notes that it ran, then waits for its turn: what a second start would do shows in the notes. */
const MOMENTS: Readonly<Record<string, string>> = {
  'its sandbox was made': 'pods/uid-1/sandbox.json',
  'a container was claimed': 'pods/uid-1/containers/a/pid',
  'a step has run': 'shared/a',
  'a container has ended': 'pods/uid-1/containers/c/exit',
}

test.each(Object.entries(MOMENTS))(
  'a kubelet killed as soon as %s starts nothing twice and loses nothing',
  async (name, moment) => {
    const dir = join(root, name.replaceAll(' ', '-'))
    const shared = join(dir, 'shared')
    await mkdir(shared, { recursive: true })
    const step = (own: string, rest: string) => ({
      name: own,
      image: 'any',
      command: ['/bin/sh', '-c', `echo ran >> ${shared}/${own}; echo begin ${own}; ${rest} echo end ${own}`],
    })
    const wait = `until [ -e ${shared}/go ]; do sleep 0.01; done;`
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: 'ci',
        name: 'killed',
        uid: 'uid-1',
        resourceVersion: '1',
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: { restartPolicy: 'Never', containers: [step('a', wait), step('b', wait), step('c', '')] },
    }
    await writeFile(join(dir, 'pod.json'), JSON.stringify(pod))

    const first = startKubeletProcess(dir)
    const died = once(first, 'exit')
    await until(name, () => existsSync(join(dir, moment)))
    first.kill('SIGKILL')
    await died

    const second = startKubeletProcess(dir)
    const closed = once(second, 'exit')
    await until('all have begun', () => ['a', 'b', 'c'].every(own => existsSync(join(shared, own))))
    await writeFile(join(shared, 'go'), '')
    const done = await until('the pod is over', async () => {
      const now: Pod = JSON.parse(await readFile(join(dir, 'pod.json'), 'utf8'))
      return now.status?.phase === 'Succeeded' || now.status?.phase === 'Failed' ? now : undefined
    })
    await until('the sandbox is gone', async () => (await readdir(join(dir, 'pods'))).length === 0)
    second.kill('SIGTERM')
    expect((await closed)[0]).toBe(0)

    expect(done.status).toMatchObject({ phase: 'Succeeded' })
    for (const own of ['a', 'b', 'c']) {
      expect(await readFile(join(shared, own), 'utf8')).toBe('ran\n')
      expect(await readFile(join(dir, `logs/ci/killed/uid-1/${own}.log`), 'utf8')).toBe(`begin ${own}\nend ${own}\n`)
    }
  },
)
