/** BullMQ as it comes: what our queue is compared to. */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const NAME = 'raw'
const connect = url => new Redis(url, { maxRetriesPerRequest: null })

export function openRawWorker(url, { concurrency, process = async () => {} }) {
  const connection = connect(url)
  const options = { connection, concurrency, removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } }
  const worker = new Worker(NAME, process, options)
  return {
    async close() {
      await worker.close()
      connection.disconnect()
    },
  }
}

export function openRawQueue(url) {
  const connection = connect(url)
  const queue = new Queue(NAME, { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } })
  return {
    add: data => queue.add('job', data),
    async depth() {
      const counts = await queue.getJobCounts('wait', 'prioritized', 'active')
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    async close() {
      await queue.close()
      connection.disconnect()
    },
  }
}
