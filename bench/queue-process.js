/**
 * One worker of a queue that does nothing with its jobs: `ours <url> <concurrency>` through our queue, `raw` with BullMQ
 * as it comes, `holding` takes jobs and keeps them. Says `ready`, and with `holding` how many it has.
 */
import { openBullmqQueue } from '../dist/src/queue/bullmq.js'
import { openRawWorker } from './raw-bullmq.js'

const [how, redisUrl, concurrency] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn: console.error, error: console.error }
const options = { concurrency: Number(concurrency) }
let held = 0
const hold = () => {
  held += 1
  console.log(`holds ${held}`)
  return new Promise(() => {})
}
const settled = async () => ({ kind: 'settled' })

if (how === 'raw') openRawWorker(redisUrl, options)
else (await openBullmqQueue({ redisUrl, log })).work(how === 'holding' ? hold : settled, options)
console.log('ready')
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit())
