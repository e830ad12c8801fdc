/** What a real Tekton made of its own examples, made again by our decision: same children, same final status. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Resource } from '../../src/resources/meta.js'
import type { Pipeline, PipelineRun, PipelineTask, Task, TaskRun } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { SHARED } from '../helpers/cli.js'
import { yamlDocuments } from '../helpers/yaml.js'
import { type Child, simulate } from './simulate.js'

const RECORDED = join(SHARED, 'tekton-recorded/v1/pipelineruns')
const MANIFESTS = join(SHARED, 'tekton-examples/v1/pipelineruns')

/** Stands for the five random characters of a generated name, which the recordings leave out. */
const RANDOM = 'abcde'

const files = readdirSync(RECORDED, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.json'))

interface Recording {
  readonly run: PipelineRun
  readonly taskRuns: readonly TaskRun[]
  readonly manifests: readonly Resource[]
}

function load(file: string): Recording {
  const list = JSON.parse(readFileSync(join(RECORDED, file), 'utf8').replaceAll('<random>', RANDOM)) as {
    readonly items: readonly (PipelineRun | TaskRun)[]
  }
  const manifests = yamlDocuments<Resource | null>(
    readFileSync(join(MANIFESTS, file.replace('.json', '.yaml')), 'utf8'),
  )
  return {
    run: list.items.find(item => item.kind === 'PipelineRun') as PipelineRun,
    taskRuns: list.items.filter(item => item.kind === 'TaskRun'),
    manifests: manifests.filter(one => one !== null),
  }
}

/** Plays the run again: every child that we make ends as the recorded child of that name did. */
function replay({ run, taskRuns, manifests }: Recording) {
  const found = (kind: string, name: string | undefined) =>
    manifests.find(one => one.kind === kind && one.metadata.name === name)
  const pipeline = found('Pipeline', run.spec.pipelineRef?.name) as Pipeline | undefined
  const spec = pipeline?.spec ?? run.spec.pipelineSpec ?? {}
  const all: readonly PipelineTask[] = [...(spec.tasks ?? []), ...(spec.finally ?? [])]
  const tasks = all.flatMap(({ name, taskRef }) => {
    const task = found('Task', taskRef?.name) as Task | undefined
    return task ? [[name, { is: 'found', value: task.spec, from: task.metadata }] as const] : []
  })
  const { labels, ...metadata } = run.metadata
  const simulation = simulate(run.spec, {
    name: run.metadata.name,
    metadata: { ...metadata, uid: '<uid>' },
    tasks: Object.fromEntries(tasks),
    pipeline: { is: 'found', value: spec, ...(pipeline && { from: pipeline.metadata }) },
    // The one recording that uses CEL only compares two texts.
    evaluateCel: expression => {
      const [, left, operator, right] = /^'([^']*)'\s*(==|!=)\s*'([^']*)'$/.exec(expression) ?? []
      return operator === undefined
        ? new Error(`not understood: ${expression}`)
        : (left === right) === (operator === '==')
    },
  })
  const twin = (child: Child) => taskRuns.find(one => masked(one.metadata.name) === masked(child.metadata.name))
  const status = simulation.finish(child => {
    const condition = succeededCondition(twin(child) ?? {})
    const results = (twin(child)?.status?.results ?? []).map(({ name, value }) => [name, value])
    return {
      status: condition?.status === 'True' ? 'True' : 'False',
      ...(condition?.reason !== undefined && { reason: condition.reason }),
      results: Object.fromEntries(results),
    }
  })
  return { status, children: simulation.children(), run: simulation.run() }
}

/** The hash in a shortened name, and in a claim's, is of texts that the recording leaves out. */
function masked(text: string): string {
  return text.replace(/[0-9a-f]{32}/, '<md5>').replace(/^pvc-[0-9a-f]{10}$/, 'pvc-<hash>')
}

/** Without times, hashes, what the recordings leave out, and the empty values that Go's JSON has for fields nobody set. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return masked(value)
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .filter(
      ([key]) =>
        !/^(startTime|completionTime|finallyStartTime|lastTransitionTime|creationTimestamp|provenance)$/.test(key),
    )
    .map(([key, one]) => [key, comparable(one)] as const)
    .filter(([key, one]) => !isEmpty(one) && !(key === 'name' && one === ''))
  return Object.fromEntries(kept)
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** Where we are to differ: newer Tekton names inline pipelines by the generated name. */
function withoutPipelineLabel(child: Child): Child {
  const { 'tekton.dev/pipeline': _, ...labels } = child.metadata.labels ?? {}
  return { ...child, metadata: { ...child.metadata, labels } }
}

/** Without what the TaskRun gets from its own reconcile: from its Task, for example the annotation `description`. */
function taskRunOf(child: Child): unknown {
  const { metadata, spec } = withoutPipelineLabel(child)
  const { 'tekton.dev/task': _, ...labels } = metadata.labels ?? {}
  const { 'pipeline.tekton.dev/release': __, description: ___, ...annotations } = metadata.annotations ?? {}
  return comparable({ name: metadata.name, labels, annotations, owner: metadata.ownerReferences, spec })
}

const byName = (a: Child, b: Child) => (masked(a.metadata.name) < masked(b.metadata.name) ? -1 : 1)

/** The children of a matrix are listed in whatever order Go's goroutines wrote them; ours by index. */
const UNORDERED: ReadonlySet<string> = new Set(['beta/ignore-task-error.json'])

test('there are recordings to compare with', () => {
  expect(files.length).toBeGreaterThan(25)
})

describe.each(files)('recorded %s', file => {
  const recording = load(file)
  const replayed = replay(recording)

  test('final status', () => {
    const sorted = (status: PipelineRun['status']) => {
      const references = [...(status?.childReferences ?? [])].map(reference => ({
        ...reference,
        whenExpressions: reference.whenExpressions ?? [],
      }))
      if (UNORDERED.has(file)) references.sort((a, b) => (a.name < b.name ? -1 : 1))
      return comparable({ ...status, childReferences: references })
    }
    expect(sorted(replayed.status)).toEqual(sorted(recording.run.status))
  })

  test('children', () => {
    const ours = [...replayed.children].sort(byName).map(taskRunOf)
    expect(ours).toEqual([...recording.taskRuns].sort(byName).map(taskRunOf))
  })

  test('has the times that the recording has', () => {
    const times = (status: PipelineRun['status']) =>
      ['startTime', 'completionTime', 'finallyStartTime'].filter(time => time in (status ?? {}))
    expect(times(replayed.status)).toEqual(times(recording.run.status))
  })
})
