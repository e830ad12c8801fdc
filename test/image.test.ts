/** The Dockerfile, carried out in a folder: what it does not copy is not there. No docker is needed. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { carryOut, readDockerfile } from '../scripts/image.js'
import { ROOT } from './helpers/cli.js'
import { engineOfFile } from './helpers/engine.js'
import { CHART, objectsIn, template } from './helpers/helm.js'
import { startPart } from './helpers/processes.js'
import { startRedis } from './helpers/redis.js'
import { temporaryDirectory } from './helpers/temp-directory.js'

const engine = engineOfFile('image', undefined, ['--parts', 'api'])
const instructions = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))

test('workers, listeners and dashboard start, and are ready, with nothing but what is in the image', {
  timeout: 120_000,
}, async () => {
  const image = carryOut({ folder: temporaryDirectory('image'), architecture: 'amd64', quick: true })
  const app = join(image.root, image.workdir)
  expect(readdirSync(app).sort()).toEqual(['dist', 'entrypoint', 'node_modules', 'package.json'])
  for (const program of ['entrypoint/entrypoint-amd64', 'entrypoint/entrypoint-arm64', '../../entrypoint/entrypoint']) {
    expect(statSync(join(app, program)).mode & 0o111).not.toBe(0)
  }
  expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false)
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const given = {
    KUBECONFIG: join(engine.data, 'kubeconfig'),
    REDIS_URL: redis.url,
    TEKTITE_ENTRYPOINT_DIR: join(image.root, image.environment['TEKTITE_ENTRYPOINT_DIR']!),
  }
  const parts = await Promise.all([
    startPart('workers', [], given, app),
    startPart('listeners', [], given, app),
    startPart('dashboard', [], given, app),
  ])
  for (const part of parts) await part.ready()
  expect((await fetch(`${parts[2]!.hooks}/dashboard/`)).status).toBe(200)
  expect(await Promise.all(parts.map(part => part.end('SIGTERM')))).toEqual([0, 0, 0])
})

test('the image is nobody, numeric, and starts what the chart says', () => {
  const last = (word: string) => instructions.findLast(each => each.word === word)?.text
  expect(last('USER')).toBe('65532:65532')
  const image = JSON.parse(last('ENTRYPOINT')!) as string[]
  expect(image).toEqual(['tini', '--', 'node'])
  const deployments = objectsIn(template([])).filter(({ kind }) => kind === 'Deployment')
  expect(deployments).toHaveLength(3)
  for (const deployment of deployments) {
    const { spec } = (deployment['spec'] as { template: { spec: PodSpec } }).template
    expect(spec.securityContext).toMatchObject({ runAsUser: 65532, runAsGroup: 65532 })
    const [container] = spec.containers
    // The image's own entrypoint: without it nobody would reap what git leaves behind.
    expect(Object.keys(container!)).not.toContain('command')
    expect(existsSync(join(ROOT, container!.args[0]!))).toBe(true)
    const ports = container!.ports.map(({ containerPort }) => containerPort)
    for (const port of ports) expect(last('EXPOSE')!.split(' ')).toContain(`${port}`)
  }
})

test('what Pods of runs get holds the entrypoint and nothing that a stopped sidecar could run', () => {
  const from = instructions.findIndex(({ text }) => text === 'scratch AS entrypoint')
  const next = instructions.findIndex(({ word }, index) => index > from && word === 'FROM')
  expect(instructions.slice(from + 1, next)).toEqual([
    { word: 'ARG', text: 'TARGETARCH' },
    { word: 'COPY', text: '--from=build /app/entrypoint/build/entrypoint-${TARGETARCH} /entrypoint' },
    { word: 'USER', text: '65532:65532' },
    { word: 'ENTRYPOINT', text: '["/entrypoint", "-nop"]' },
  ])
})

test('what the image is made of is said exactly: no latest, and the version of the chart is the program’s', () => {
  for (const { word, text } of instructions) {
    if (word === 'ARG' && text.startsWith('NODE_IMAGE')) expect(text).toMatch(/:\d+-[a-z]+-slim$/)
    if (word === 'FROM') expect(text).not.toContain('latest')
    if (word === 'COPY') expect(text).not.toMatch(/^\. /)
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  expect(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')).toContain(`appVersion: "${version}"`)
})

interface PodSpec {
  readonly securityContext: object
  readonly containers: readonly {
    readonly args: readonly string[]
    readonly ports: readonly { readonly containerPort: number }[]
  }[]
}
