import type { Pod } from '../../resources/core.js'
import type { StreamAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import { type ExecRequest, execRequest } from '../exec/exec-options.js'
import { type Client, runSession } from '../exec/session.js'
import { offersSpdy, spdyClient } from '../exec/spdy-client.js'
import { webSocketClient, webSocketProtocol } from '../exec/web-socket.js'
import { containerOf } from '../logs/log-container.js'
import type { ObjectRequest, Upgrade } from '../request.js'
import { ApiError, badRequest } from '../status.js'
import { existing } from './get.js'

/** Each is a process of this machine, and a person is at the other end. */
const MAX_SESSIONS = 64
/** As the kubelet's: 4 h. */
const IDLE_MS = 4 * 60 * 60 * 1_000

/** Who takes no more by then is cut off. */
const LAST_WORDS_MS = 1_000

/** Of all servers of this process. */
let sessions = 0

/** A command in the surroundings of a container that runs. */
export async function exec(deps: ApiDeps, request: ObjectRequest): Promise<StreamAnswer> {
  const { namespace, name, query, upgrade, signal } = request
  const asked = execRequest(query)
  const pod = (await existing(deps, request)) as Pod
  const container = containerOf(pod, asked.container)
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`)
  }
  if (upgrade === undefined) throw badRequest('Upgrade request required')
  const connect = connector(upgrade, asked)
  if (sessions >= MAX_SESSIONS) {
    throw new ApiError(429, 'TooManyRequests', `${sessions} commands run already: end one of them`)
  }
  const over = new AbortController()
  const key = { namespace, pod: name, podUid: pod.metadata.uid, container }
  const options = { command: asked.command, input: asked.stdin, tty: asked.tty }
  // Counted before it starts: others that come meanwhile are to see it.
  sessions += 1
  const command = await deps.exec?.(key, options, AbortSignal.any([signal, over.signal])).catch((error: unknown) => {
    sessions -= 1
    throw error
  })
  if (command === undefined) {
    sessions -= 1
    throw badRequest(`container not found (${JSON.stringify(container)})`)
  }
  return async response => {
    const hangUp = (): void => void setTimeout(() => upgrade.socket.destroy(), LAST_WORDS_MS).unref()
    over.signal.addEventListener('abort', hangUp)
    signal.addEventListener('abort', hangUp)
    try {
      response.detachSocket(upgrade.socket as never)
      const { stdout, stderr } = asked
      await runSession(command, await connect(), { stdout, stderr, idleMs: IDLE_MS, kill: () => over.abort() })
    } finally {
      over.abort()
      sessions -= 1
    }
  }
}

/** @throws ApiError 400 when the client speaks nothing that we do */
function connector(upgrade: Upgrade, { stdin, stdout, stderr }: ExecRequest): () => Promise<Client> {
  if (upgrade.protocol === 'websocket') {
    const protocol = webSocketProtocol(upgrade)
    if (protocol !== undefined) return () => webSocketClient(upgrade, protocol)
    throw badRequest('unable to negotiate a protocol: offer v5.channel.k8s.io or v4.channel.k8s.io')
  }
  if (!offersSpdy(upgrade)) throw badRequest('unable to negotiate a protocol: offer v4.channel.k8s.io')
  const streams = Object.entries({ error: true, stdin, stdout, stderr })
  return () =>
    spdyClient(
      upgrade,
      streams.filter(([, isWanted]) => isWanted).map(([name]) => name),
    )
}
