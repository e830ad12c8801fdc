/**
 * The network between the processes and their API and Redis, in a process of its own: two proxies, and once it is told so what befalls
 * connections, by a seed.
 *
 *   node network.mjs '{"api": 6440, "redis": 6379, "seed": 1}'
 *
 * Tells its parent `{ports}`, and `{fault}` of everything that it does. Asked `{disturb}`, it begins or leaves off.
 */
import { seededRandom } from '../../helpers/random.js'
import { startTcpFaultProxy } from '../../helpers/tcp-fault-proxy.js'

const { api, redis, seed } = JSON.parse(process.argv[2])
const random = seededRandom(seed)
const proxies = { api: await startTcpFaultProxy(api), redis: await startTcpFaultProxy(redis) }
let disturbing = false

const DISTURBANCES = [
  { what: 'cut all', act: proxy => proxy.cut(), lastsMs: () => 0 },
  { what: 'cut some', act: proxy => proxy.cut(() => random() < 0.3), lastsMs: () => 0 },
  {
    what: 'lose answers',
    act: (proxy, ms) => proxy.loseAnswers(ms, () => random() < 0.25),
    lastsMs: () => 100 + random() * 400,
  },
  {
    what: 'half-open',
    act: (proxy, ms) => proxy.leaveHalfOpen(ms, () => random() < 0.15),
    lastsMs: () => 1_000 + random() * 3_000,
  },
  {
    what: 'delay',
    act(proxy, ms) {
      proxy.delay(10 + random() * 150)
      setTimeout(() => proxy.delay(0), ms)
      return proxy.connections()
    },
    lastsMs: () => 500 + random() * 1_500,
  },
]

async function disturb() {
  while (disturbing) {
    await new Promise(resolve => setTimeout(resolve, 500 + random() * 3_000))
    if (!disturbing) return
    const target = random() < 0.6 ? 'api' : 'redis'
    const { what, act, lastsMs } = DISTURBANCES[Math.floor(random() * DISTURBANCES.length)]
    const ms = lastsMs()
    const from = Date.now()
    const connections = act(proxies[target], ms)
    process.send({ fault: { what, target: `network to ${target}`, from, to: from + ms, connections } })
  }
}

process.on('message', ({ disturb: wanted }) => {
  const begins = wanted && !disturbing
  disturbing = wanted
  if (begins) void disturb()
})
process.once('disconnect', () => process.exit(0))
process.send({ ports: { api: proxies.api.port, redis: proxies.redis.port } })
