/** A real object store with an S3 API: OpenStack Swift, in one process, its objects in memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

export interface ObjectStore {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  createBucket(name: string): Promise<void>
  close(): Promise<void>
}

const SERVER = join(import.meta.dirname, 'swift-server.py')
const REGION = 'eu-test-1'

/** Debian's own Python: another one in the PATH does not have Debian's packages. */
const PYTHON = '/usr/bin/python3'

export async function startObjectStore(): Promise<ObjectStore> {
  const folder = mkdtempSync(join(tmpdir(), 'tektite-swift-'))
  const credentials = { accessKeyId: 'test:tester', secretAccessKey: 'testing' }
  const child = spawn(PYTHON, [SERVER, folder, credentials.accessKeyId, credentials.secretAccessKey, REGION], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let told = ''
  child.stderr.on('data', chunk => (told += String(chunk)))
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(child.stdout, 'data').then(([line]) => Number(line)),
    exited.then(() => {
      throw new Error(`swift did not start (Debian: apt-get install python3-swift):\n${told}`)
    }),
  ])
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true })
  return {
    endpoint,
    region: REGION,
    credentials,
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }))
    },
    async close() {
      client.destroy()
      child.stdin.end()
      child.kill()
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}
