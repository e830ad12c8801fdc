/** The two documents this project began with run as written. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliResult, SHARED, tektite } from '../../helpers/cli.js'

const folder = mkdtempSync(join(tmpdir(), 'tektite-seed-'))
const dockerLog = join(folder, 'docker.log')
let result: CliResult

beforeAll(async () => {
  const bin = join(folder, 'bin')
  const home = join(folder, 'home')
  const repository = join(folder, 'repository')
  for (const each of [bin, home, repository]) mkdirSync(each)
  // A stand-in for docker that notes how it was called and what came on its standard input.
  writeFileSync(
    join(bin, 'docker'),
    `#!/bin/sh\n[ "$1" = login ] && read -r password\necho "$*\${password+ < $password}" >> ${dockerLog}\n`,
  )
  chmodSync(join(bin, 'docker'), 0o755)
  writeFileSync(
    join(home, '.gitconfig'),
    `[url "file://${repository}"]\n\tinsteadOf = https://github.com/myuser/myrepo.git\n[user]\n\tname = t\n\temail = t@example.com\n`,
  )
  writeFileSync(join(repository, 'Dockerfile'), 'FROM scratch\n')
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '.'],
    ['commit', '-q', '-m', 'first'],
  ]) {
    execFileSync('git', args, { cwd: repository, env: { ...process.env, HOME: home } })
  }
  const manifests = ['-f', join(SHARED, 'spec/seed-manifests.yaml'), '-f', join(import.meta.dirname, 'support.yaml')]
  result = await tektite(['run', ...manifests, '-o', 'json', '--timeout', '60s'], {
    env: { HOME: home, PATH: `${bin}:${process.env['PATH']}` },
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
