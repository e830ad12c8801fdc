/** Parts of the chart that are programs or certificates of their own, tried as they are rendered. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startAdmissionWebhook } from '../../listeners/admission-webhook.js'
import { SILENT } from '../../src/lib/log.js'
import { connectForRequests } from '../../src/redis/connection.js'
import { freePort } from '../helpers/free-port.js'
import { type ChartObject, objectsIn, template } from '../helpers/helm.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { until } from '../kubelet/until.js'

const find = (objects: readonly ChartObject[], kind: string, name: string) =>
  objects.find(each => each.kind === kind && each.metadata.name === name)!

test.each([
  ['its password', undefined],
  ['a password that somebody gives', String.raw`a"b\x41 $HOME 'c' #`],
])('the Redis of the chart starts as it is rendered: with %s, on disk, forgetting nothing', async (_, own) => {
  const objects = objectsIn(template([]))
  const [folder, port] = [temporaryDirectory('chart-redis'), await freePort()]
  const { data } = find(objects, 'ConfigMap', 'tektite-redis') as unknown as { data: Record<string, string> }
  const config = join(folder, 'redis.conf')
  // Only the places are others: there is no Pod here.
  writeFileSync(config, data['redis.conf']!.replace('dir /data', `dir ${folder}`).replace('port 6379', `port ${port}`))
  const secret = find(objects, 'Secret', 'tektite-redis') as unknown as { data: { password: string } }
  const password = own ?? Buffer.from(secret.data.password, 'base64').toString()
  const [program = '', ...args] = containerOf(find(objects, 'StatefulSet', 'tektite-redis')).command.map(each =>
    each.replace('/etc/redis/redis.conf', config),
  )
  const server = spawn(program, args, { env: { PATH: process.env['PATH'], REDISCLI_AUTH: password }, stdio: 'ignore' })
  onTestFinished(() => void server.kill('SIGKILL'))

  const endpoint = { redisUrl: `redis://127.0.0.1:${port}`, log: SILENT }
  const redis = connectForRequests({ ...endpoint, redisPassword: password })
  onTestFinished(() => redis.disconnect())
  await until('Redis', async () => (await redis.ping().catch(() => '')) === 'PONG')
  const setting = async (name: string) => ((await redis.config('GET', name)) as string[])[1]
  expect(await setting('maxmemory-policy')).toBe('noeviction')
  expect(await setting('maxmemory')).toBe(`${256 * 1024 * 1024}`)
  expect(await setting('appendonly')).toBe('yes')
  expect(await setting('appendfsync')).toBe('always')
  expect(await setting('save')).toBe('')
  const stranger = connect(port, '127.0.0.1', () => stranger.write('PING\r\n'))
  onTestFinished(() => void stranger.destroy())
  expect(String((await once(stranger, 'data'))[0])).toContain('NOAUTH')
  // Redis itself, with no shell between: it gets the kubelet's signals. Its arguments say nothing.
  const commandLine = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')
  expect(commandLine).toContain('redis-server')
  expect(commandLine).not.toContain(password)
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
})

test('the certificate of the webhook is for the Service that the API server asks, by the authority it is told', async () => {
  const objects = objectsIn(template(['--set', 'admissionWebhook.enabled=true']))
  const folder = temporaryDirectory('chart-webhook')
  const { data } = find(objects, 'Secret', 'tektite-webhook') as unknown as { data: Record<string, string> }
  for (const [name, value] of Object.entries(data)) writeFileSync(join(folder, name), Buffer.from(value, 'base64'))
  const webhook = await startAdmissionWebhook(
    { admission: () => ({}) as never, log: SILENT },
    { port: 0, certDir: folder },
  )
  onTestFinished(() => webhook.close())
  const configuration = find(objects, 'ValidatingWebhookConfiguration', 'tektite-tektite')
  const [{ clientConfig }] = configuration['webhooks'] as [{ clientConfig: ClientConfig }]
  const { service, caBundle } = clientConfig
  const port = find(objects, 'Service', service.name)['spec'] as { ports: { port: number; targetPort: string }[] }
  expect(port.ports).toEqual([{ name: 'webhook', port: service.port, targetPort: 'webhook' }])
  const asked = request({
    host: '127.0.0.1',
    port: webhook.port,
    path: service.path,
    method: 'POST',
    servername: `${service.name}.${service.namespace}.svc`,
    ca: Buffer.from(caBundle, 'base64'),
  })
  asked.end('{}')
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }]
  answer.resume()
  // Not understood, which is said over a connection that is trusted.
  expect(answer.statusCode).toBe(400)
})

interface ClientConfig {
  readonly service: { readonly name: string; readonly namespace: string; readonly port: number; readonly path: string }
  readonly caBundle: string
}

function containerOf(object: ChartObject): { readonly command: readonly string[] } {
  const { template } = object['spec'] as { template: { spec: { containers: { command: string[] }[] } } }
  return template.spec.containers[0]!
}
