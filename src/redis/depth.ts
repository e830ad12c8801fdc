/** How much there is to do, without the weight of BullMQ: processes that only tell of a queue ask for it too. */
import { type Redis, requestWithin } from './connection.js'

/** What identifies a queue. Installations that share a Redis differ in `prefix`. */
export interface QueueName {
  readonly prefix: string
  readonly name: string
}

/** BullMQ's last one: such a job waits for all others, and is no work. */
export const CANARY_PRIORITY = 2 ** 21 - 1
/** BullMQ sorts by priority * 2^32, and the order of coming in the lower bits. */
const FIRST_CANARY_SCORE = CANARY_PRIORITY * 2 ** 32

/** Jobs, by where they are. Canaries are not counted. */
export interface JobCounts {
  readonly waiting: number
  readonly active: number
  /** For a time to come. */
  readonly delayed: number
  readonly failed: number
}

/** @throws within about `deadlineMs` when Redis does not say */
export async function jobCounts(redis: Redis, { prefix, name }: QueueName, deadlineMs?: number): Promise<JobCounts> {
  const key = (part: string) => `${prefix}:${name}:${part}`
  const count = () =>
    Promise.all([
      redis.llen(key('wait')),
      redis.zcount(key('prioritized'), '-inf', `(${FIRST_CANARY_SCORE}`),
      redis.llen(key('active')),
      redis.zcard(key('delayed')),
      redis.zcard(key('failed')),
    ])
  const what = `counting the jobs of ${prefix}:${name}`
  const [plain, prioritized, active, delayed, failed] = await requestWithin(redis, what, count, deadlineMs)
  return { waiting: plain + prioritized, active, delayed, failed }
}

/**
 * Jobs that wait, wait with a priority, or are worked on: what to scale on. Canaries are not counted.
 * @throws within about `deadlineMs` when Redis does not say
 */
export async function queueDepth(redis: Redis, name: QueueName, deadlineMs?: number): Promise<number> {
  const { waiting, active } = await jobCounts(redis, name, deadlineMs)
  return waiting + active
}
