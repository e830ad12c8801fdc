/** `tektite doctor` as a process. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { doctorCommand } from '../../src/cli/commands/doctor.js'
import type { CliContext } from '../../src/cli/context.js'
import { readConfig } from '../../src/config.js'
import { tektite } from '../helpers/cli.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

interface Report {
  readonly works: boolean
  readonly findings: readonly {
    readonly what: string
    readonly is: string
    readonly found: string
    readonly wayOut?: string
  }[]
}

async function report(env: Readonly<Record<string, string>>): Promise<Report & { readonly code: number | null }> {
  const data = temporaryDirectory('doctor')
  const { code, stdout, stderr } = await tektite(['doctor', '--data', data, '-o', 'json'], { env })
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Report) }
}

const found = ({ findings }: Report, what: string) => findings.find(each => each.what === what)

test('says what is fine, and that pipelines run here', async () => {
  const told = await report({ KUBECONFIG: '', HOME: temporaryDirectory('home'), REDIS_URL: '' })
  expect([told.code, told.works]).toEqual([0, true])
  expect(found(told, 'Node')).toEqual({ what: 'Node', is: 'fine', found: process.versions.node })
  expect(found(told, 'entrypoint')?.is).toBe('fine')
  expect(found(told, 'git')?.found).toMatch(/^\d+\.\d+/)
  expect(found(told, 'Redis')?.found).toContain('not needed')
  expect(found(told, 'cluster')?.found).toContain('none is needed')
})

test('says what is missing, and the way out', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise(resolve => server.close(resolve))
  const told = await report({ PATH: temporaryDirectory('empty-path'), REDIS_URL: `redis://:hidden@127.0.0.1:${port}` })
  expect(found(told, 'git')).toMatchObject({ is: 'lacks', wayOut: expect.stringContaining('install git') })
  const redis = found(told, 'Redis')
  expect(redis).toMatchObject({ is: 'lacks', wayOut: expect.stringContaining('unset REDIS_URL') })
  expect(JSON.stringify(told)).not.toContain('hidden')
})

test('is 1 where pipelines cannot run', async () => {
  let text = ''
  const stdout = { write: (more: string) => (text += more) }
  const config = { ...readConfig('silent', { PATH: process.env['PATH'] }), nativeDir: temporaryDirectory('not-built') }
  const context = { config, stdout, environment: {} } as unknown as CliContext
  expect(await doctorCommand(context, { dataDir: temporaryDirectory('doctor') })).toBe(1)
  expect(text).toMatch(/✗ entrypoint +entrypoint and shim missing.*\n +→ npm run build/)
  expect(text).toContain('Pipelines do not run here yet.')
})
