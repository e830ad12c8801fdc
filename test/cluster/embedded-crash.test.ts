import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

const fixture = new URL('fixtures/writer.mjs', import.meta.url).pathname

/** Lets a process write to the store and kills it behind a number of acknowledged writes; resolves with all of them. */
async function killedWriter(directory: string, run: number, afterWrites: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [fixture, directory, `${run}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === afterWrites) child.kill('SIGKILL')
  }
  await gone
  expect(child.signalCode).toBe('SIGKILL')
  return lines
}

test('kill -9 of the writing process loses no acknowledged write, and versions go on growing', async () => {
  const directory = temporaryDirectory('crash')
  let newest = 0
  // Moments that were drawn once: early, within the first commits, and after some hundreds.
  for (const [run, afterWrites] of [1, 7, 40, 333, 1009].entries()) {
    const acknowledged = await killedWriter(directory, run, afterWrites)
    expect(acknowledged.length).toBeGreaterThanOrEqual(afterWrites)

    const database = openDatabase(directory, { durable: true })
    const cluster = openEmbeddedCluster({ database })
    const last = new Map<string, { word: string; version: string }>()
    const versions: number[] = []
    for (const line of acknowledged) {
      const [word, name, version] = line.split(' ') as [string, string, string]
      last.set(name, { word, version })
      if (word !== 'delete') versions.push(Number(version))
    }
    expect(new Set(versions).size).toBe(versions.length)
    expect(Math.min(...versions)).toBeGreaterThan(newest)

    for (const [name, { word, version }] of last) {
      const object = await cluster.get('TaskRun', { namespace: 'ci', name })
      // A later write may be stored that was never acknowledged: here the delete of every third, after its status.
      if (word === 'delete') expect(object, name).toBeUndefined()
      else if (object === undefined) expect(`${word}, ${Number(name.split('-n')[1]) % 3}`, name).toBe('status, 0')
      else {
        expect(Number(object.metadata.resourceVersion), name).toBeGreaterThanOrEqual(Number(version))
        if (word === 'status') expect(object.status?.podName, name).toBe(name)
      }
    }
    newest = Number(cluster.version())
    expect(newest).toBeGreaterThanOrEqual(Math.max(...versions))
    for (const object of await cluster.list('TaskRun')) {
      expect(Number(object.metadata.resourceVersion)).toBeLessThanOrEqual(newest)
    }
    await cluster.close()
    await database.close()
  }
})
