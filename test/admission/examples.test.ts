/** Manifests that Tekton takes must be taken: the seed document and all of Tekton's and Triggers' own examples. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'

const SHARED = join(import.meta.dirname, '../../../shared')
const seed = join(SHARED, 'spec/seed-manifests.yaml')
const files = ['tekton-examples', 'triggers-examples'].flatMap(folder =>
  yamlFilesIn(join(SHARED, folder)).map(file => relative(SHARED, file)),
)

function yamlFilesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(name => name.endsWith('.yaml')).map(name => join(folder, name))
}

test.skipIf(!existsSync(SHARED)).each(files)('takes %s', name => {
  const answer = admitManifests([{ file: name, text: readFileSync(join(SHARED, name), 'utf8') }])
  const texts = answer.is === 'ok' ? [] : answer.problems.map(one => `${one.line}: ${problemText(one)}`)
  expect(texts).toEqual([])
})

test('a kind that is only kept is taken with a warning', () => {
  const text = 'apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: hello }\nspec: { schedule: "*/1 * * * *" }\n'
  const answer = admitManifests([{ file: 'cronjob.yaml', text }])
  if (answer.is === 'refused') throw new Error(answer.problems.map(problemText).join('\n'))
  expect(answer.objects).toMatchObject([{ kind: 'CronJob', spec: { schedule: '*/1 * * * *' } }])
  expect(answer.warnings).toMatchObject([
    { message: 'nothing here acts on kind CronJob: the object is kept as it is', line: 2, object: 'CronJob "hello"' },
  ])
})

test.skipIf(!existsSync(seed))(
  'takes the seed document, with a warning and a way out for each of its two oddities',
  () => {
    const answer = admitManifests([{ file: 'seed.yaml', text: readFileSync(seed, 'utf8') }])
    if (answer.is === 'refused') throw new Error(answer.problems.map(problemText).join('\n'))
    expect(answer.objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)).toEqual([
      'tekton.dev/v1 Task build-and-push',
      'tekton.dev/v1 TaskRun build-and-push-run-1',
      'tekton.dev/v1 Pipeline build-push-pipeline',
      'tekton.dev/v1 PipelineRun build-push-pipeline-run-1',
    ])
    const told = answer.warnings.map(({ file, line, object, paths, hint }) => ({
      file,
      line,
      object,
      path: paths[0],
      hint,
    }))
    expect(told).toEqual([
      {
        file: 'seed.yaml',
        line: 16,
        object: 'Task "build-and-push"',
        path: 'spec.steps[1].script',
        hint: expect.stringContaining('"$DOCKER_PASSWORD"'),
      },
      {
        file: 'seed.yaml',
        line: 16,
        object: 'Task "build-and-push"',
        path: 'spec.steps[1].script',
        hint: expect.stringContaining('"$DOCKER_USERNAME"'),
      },
      {
        file: 'seed.yaml',
        line: 71,
        object: 'Pipeline "build-push-pipeline"',
        path: 'spec.tasks[1].workspaces[0]',
        hint: expect.stringContaining('declare it in spec.workspaces of Task "build-and-push"'),
      },
    ])
  },
)
