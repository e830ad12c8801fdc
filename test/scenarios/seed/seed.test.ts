/** The two documents this project began with run as written. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliResult, SHARED, tektite } from '../../helpers/cli.js'
import { stageDockerBuild } from '../../helpers/docker-stand-in.js'

const folder = mkdtempSync(join(tmpdir(), 'tektite-seed-'))
const { dockerLog, environment } = stageDockerBuild(folder)
let result: CliResult

beforeAll(async () => {
  const manifests = ['-f', join(SHARED, 'spec/seed-manifests.yaml'), '-f', join(import.meta.dirname, 'support.yaml')]
  result = await tektite(['run', ...manifests, '-o', 'json', '--timeout', '60s'], {
    env: environment,
  })
}, 90_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the seed manifests succeed', () => {
  expect(result.code, result.stderr).toBe(0)
  const { items } = JSON.parse(result.stdout) as {
    items: { kind: string; metadata: { name: string }; status: { conditions: { status: string; reason: string }[] } }[]
  }
  expect(items.map(item => [item.kind, item.metadata.name, item.status.conditions[0]?.reason])).toEqual([
    ['PipelineRun', 'build-push-pipeline-run-1', 'Succeeded'],
    ['TaskRun', 'build-and-push-run-1', 'Succeeded'],
    ['TaskRun', 'build-push-pipeline-run-1-build-and-push-image', 'Succeeded'],
    ['TaskRun', 'build-push-pipeline-run-1-clone-repo', 'Succeeded'],
  ])
})

test('docker was called as the documents say, once by each run', () => {
  const calls = readFileSync(dockerLog, 'utf8').trim().split('\n')
  for (const image of ['docker.io/myuser/myimage:v1.0.0', 'docker.io/myuser/myimage:v1.0.1']) {
    expect(calls.filter(call => call === `build -t ${image} .`)).toHaveLength(1)
    expect(calls.filter(call => call === `push ${image}`)).toHaveLength(1)
  }
})

test('$$(DOCKER_USERNAME) in a script reaches the shell as it stands', () => {
  const logins = readFileSync(dockerLog, 'utf8')
    .trim()
    .split('\n')
    .filter(call => call.startsWith('login'))
  expect(logins).toHaveLength(2)
  // $$ is the shell's own pid; what follows is plain text.
  for (const login of logins) {
    expect(login).toMatch(/^login -u \d+\(DOCKER_USERNAME\) --password-stdin < \d+\(DOCKER_PASSWORD\)$/)
  }
})

test('both oddities are warned about, with place and fix', () => {
  const warnings = result.stderr.split('\n').filter(line => line.startsWith('warning:'))
  expect(warnings.some(line => /seed-manifests\.yaml:\d+.*build-and-push.*\$\$\(DOCKER_USERNAME\)/.test(line))).toBe(
    true,
  )
  expect(warnings.some(line => /seed-manifests\.yaml:\d+.*build-push-pipeline.*source-code/.test(line))).toBe(true)
})
