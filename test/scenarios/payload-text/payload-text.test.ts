/** From a webhook into a step, on a real `tektite up`: what a step reads is what was sent, whatever it looks like. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TaskRun } from '../../../src/resources/tekton.js'
import { cases } from '../../helpers/cases.js'
import { callApi, deliver, doneRun, engineOfFile, pathOf, waitUntil } from '../../helpers/engine.js'

const engine = engineOfFile('payload-text', readFileSync(join(import.meta.dirname, 'manifests.yaml'), 'utf8'))

const texts = cases<{ readonly text: string }>({
  'a Tekton param': { text: '$(params.secret)' },
  'a Tekton variable': { text: '$(context.taskRun.name) $(workspaces.w.path) $(tasks.task.results.arg)' },
  'a result of another task, with nothing around it': { text: '$(tasks.inline.results.env)' },
  'a variable of the container': { text: '$(HIDDEN) $(TEXT)' },
  'doubled dollars': { text: '$$ $$$ $$$$ a$$b $' },
  'escaped variables': { text: '$$(params.secret) $$(HIDDEN) $$$(HIDDEN) $$$$(x)' },
  'what triggers replace': { text: '$(tt.params.id) $(uid) $(body.id)' },
  'an attempt, which is told apart later': { text: '$(context.task.retry-count)' },
  'quotes, newlines and the rest': {
    text: `"it's"\n\\n \\ \`date\` \t🚀 café; touch /pwned; $HOME \${HOME} {{x}} $(params.secret)$$`,
  },
})

test.each(texts)('%s', { timeout: 90_000 }, async (name, { text }) => {
  const id = name.replaceAll(/[^a-z]+/g, '-')
  const { status } = await deliver(engine, 'text', JSON.stringify({ id, text }))
  expect(status).toBe(202)
  await waitUntil(`run-${id}`, async () => {
    const { status: found } = await callApi(engine, 'GET', `${pathOf('PipelineRun', 'default')}/run-${id}`)
    return found === 200
  })
  const run = await doneRun(engine, `run-${id}`)
  expect(run.status?.conditions).toMatchObject([{ status: 'True' }])
  expect(run.metadata.annotations).toMatchObject({ 'example.com/text': text })
  const { body } = await callApi(engine, 'GET', pathOf('TaskRun', 'default'))
  const children = (body['items'] as readonly TaskRun[]).filter(
    ({ metadata }) => metadata.labels?.['tekton.dev/pipelineRun'] === `run-${id}`,
  )
  const read = children.map(({ metadata, status: child }) => [
    metadata.labels?.['tekton.dev/pipelineTask'],
    ...(child?.results ?? []).map(result => `${result.value}`.replace(/\n$/, '')),
  ])
  // In a script alone, what is replaced in later passes is left as triggers write it.
  const script = text === '$(context.task.retry-count)' ? '$$(context.task.retry-count)' : text
  const seen = [text, text, script]
  expect(read.sort()).toEqual([
    ['declared', ...seen],
    ['inline', ...seen],
    ['task', ...seen],
  ])
})
