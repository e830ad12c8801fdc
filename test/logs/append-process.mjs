// Appends numbered lines to a log for ever, telling on stdout how many bytes it was promised are safe. To be killed.
import { join } from 'node:path'

const [sources, directory] = process.argv.slice(2)
const { createFileLogStore } = await import(join(sources, 'logs/files.js'))
const store = createFileLogStore({ directory })
const key = { namespace: 'ci', pod: 'killed', podUid: 'uid', container: 'step' }
let offset = 0
for (let line = 0; ; line++) {
  const bytes = Buffer.from(`${line} ${'x'.repeat(line % 5000)}\n`)
  await store.append(key, offset, bytes)
  offset += bytes.length
  process.stdout.write(`${offset}\n`)
}
