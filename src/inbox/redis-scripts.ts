/** The changes to deliveries in Redis, each in one step; the keys are described in redis-deliveries.ts. */
import type { Redis } from '../redis/connection.js'

/**
 * For scripts that list or unlist a delivery. Arrivals are microseconds, but each later than the one before, whatever
 * the clock does: they are the places that a list goes on from.
 */
const LISTING = `
    local function arrivalAfter(arrivals)
      local time = redis.call('TIME')
      local now = time[1] * 1000000 + time[2]
      local last = redis.call('ZREVRANGE', arrivals, 0, 0, 'WITHSCORES')
      if last[2] and tonumber(last[2]) >= now then now = tonumber(last[2]) + 1 end
      return string.format('%.0f', now)
    end
    local function enter(inbox, id, eventId, namespace, scope, arrival)
      redis.call('ZADD', inbox .. 'arrivals', arrival, id)
      redis.call('ZADD', inbox .. 'arrivals:' .. namespace, arrival, id)
      redis.call('ZADD', inbox .. 'arrivals:' .. scope, arrival, id)
      redis.call('ZADD', inbox .. 'event-ids', 0, eventId .. ' ' .. id)
      redis.call('HSET', inbox .. 'entered', id, cjson.encode({eventId, namespace, scope}))
    end
    local function unlist(inbox, id)
      redis.call('ZREM', inbox .. 'arrivals', id)
      redis.call('ZREM', inbox .. 'rejected', id)
      local entered = redis.call('HGET', inbox .. 'entered', id)
      if not entered then return end
      local known = cjson.decode(entered)
      redis.call('ZREM', inbox .. 'event-ids', known[1] .. ' ' .. id)
      redis.call('ZREM', inbox .. 'arrivals:' .. known[2], id)
      redis.call('ZREM', inbox .. 'arrivals:' .. known[3], id)
      redis.call('ZREM', inbox .. 'rejected:' .. known[3], id)
      redis.call('HDEL', inbox .. 'entered', id)
    end
    local function forget(inbox, id)
      redis.call('DEL', inbox .. 'delivery:' .. id)
      unlist(inbox, id)
    end`

// A script is one step for Redis: entry and dedupe memory are the same key and cannot disagree.
const scripts = {
  // A repetition of our own after a lost connection finds its own token and is not a second copy.
  inboxStore: {
    keys: 3,
    lua: `${LISTING}
    local known = redis.call('HMGET', KEYS[1], 'bodyHash', 'eventId', 'token')
    if known[1] then
      if known[1] ~= ARGV[2] then return {'mismatch', ''} end
      if known[3] == ARGV[6] then return {'new', known[2]} end
      redis.call('HINCRBY', KEYS[1], 'copies', 1)
      return {'duplicate', known[2]}
    end
    local arrival = arrivalAfter(KEYS[3])
    redis.call('HSET', KEYS[1], 'bodyHash', ARGV[2], 'eventId', ARGV[3], 'meta', ARGV[4], 'body', ARGV[5], 'token', ARGV[6],
      'is', 'pending', 'brief', '{"is":"pending"}', 'bodyBytes', #ARGV[5], 'place', arrival, 'copies', 1, 'replay', 0, 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    redis.call('ZADD', KEYS[2], arrival, ARGV[1])
    -- Of one that has expired the sets may still know the old places. Not before the first write that needs memory:
    -- Redis refuses a script when it is full only as long as that has written nothing.
    unlist(ARGV[7], ARGV[1])
    enter(ARGV[7], ARGV[1], ARGV[3], ARGV[8], ARGV[9], arrival)
    return {'new', ARGV[3]}`,
  },
  // A repetition of our own finds it there.
  inboxReject: {
    keys: 4,
    lua: `${LISTING}
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    local arrival = arrivalAfter(KEYS[2])
    redis.call('HSET', KEYS[1], 'bodyHash', ARGV[2], 'eventId', ARGV[3], 'meta', ARGV[4], 'bodyBytes', ARGV[5], 'place', arrival,
      'is', 'rejected', 'brief', ARGV[6], 'outcome:0', ARGV[6], 'copies', ARGV[10], 'replay', 0)
    redis.call('PEXPIRE', KEYS[1], ARGV[11])
    enter(ARGV[7], ARGV[1], ARGV[3], ARGV[8], ARGV[9], arrival)
    redis.call('ZADD', KEYS[3], arrival, ARGV[1])
    redis.call('ZADD', KEYS[4], arrival, ARGV[1])
    -- Of its own listener first, or the others' would go for it.
    for _, line in ipairs({{KEYS[4], ARGV[13]}, {KEYS[3], ARGV[12]}}) do
      for _, id in ipairs(redis.call('ZRANGE', line[1], 0, -tonumber(line[2]) - 1)) do forget(ARGV[7], id) end
    end
    return 1`,
  },
  // Whatever expired between being looked for and being forgotten was expired before.
  inboxForget: {
    keys: 1,
    lua: `${LISTING}
    if redis.call('EXISTS', KEYS[1]) == 0 then forget(ARGV[2], ARGV[1]) end
    return 1`,
  },
  inboxBegin: {
    keys: 1,
    lua: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'retryAt', 'deaths', 'failures', 'pauses')
    if known[1] ~= 'pending' then return {'over'} end
    if tonumber(known[2]) > tonumber(ARGV[1]) then return {'later', known[2]} end
    local deaths = ARGV[3] == 'survived' and 0 or tonumber(known[3])
    if deaths >= tonumber(ARGV[2]) then return {'too often', known[3], known[4], known[5]} end
    redis.call('HSET', KEYS[1], 'deaths', deaths + 1)
    return {'try', tostring(deaths + 1), known[4], known[5]}`,
  },
  inboxFinish: {
    keys: 2,
    lua: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'replay')
    if known[1] ~= 'pending' or known[2] ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], 'is', ARGV[3], 'outcome:' .. known[2], ARGV[4], 'brief', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    redis.call('ZREM', KEYS[2], ARGV[1])
    return 1`,
  },
  // Values, not steps: it may be carried out twice.
  inboxPause: {
    keys: 1,
    lua: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'replay')
    if known[1] ~= 'pending' or known[2] ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'retryAt', ARGV[2], 'deaths', ARGV[3], 'failures', ARGV[4], 'pauses', ARGV[5])
    return 1`,
  },
  inboxReopen: {
    keys: 2,
    lua: `
    local is = redis.call('HGET', KEYS[1], 'is')
    if not is or is == 'rejected' then return 0 end
    if is == 'pending' then return 1 end
    local replay = redis.call('HINCRBY', KEYS[1], 'replay', 1)
    redis.call('HSET', KEYS[1], 'is', 'pending', 'brief', '{"is":"pending"}', 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    local forgotten = replay - ARGV[2] - 1
    if forgotten > 0 then redis.call('HDEL', KEYS[1], 'outcome:' .. string.format('%.0f', forgotten)) end
    redis.call('PERSIST', KEYS[1])
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[2], time[1] .. string.format('%06d', time[2]), ARGV[1])
    return 1`,
  },
}

/** First as many keys as the script has, then its arguments. */
type Script = (...keysAndArguments: readonly (string | number | Buffer)[]) => Promise<unknown>

export function defineInboxScripts(redis: Redis): Readonly<Record<keyof typeof scripts, Script>> {
  for (const [name, { keys, lua }] of Object.entries(scripts)) {
    redis.defineCommand(name, { numberOfKeys: keys, lua })
  }
  // ioredis adds one method per defined script; its types cannot know them.
  return redis as unknown as Readonly<Record<keyof typeof scripts, Script>>
}
