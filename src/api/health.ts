/** `/livez`, `/readyz` and `/healthz`, which answer without a token: does it live, and is it to be sent anything? Pure. */
import type { Target } from './request.js'

export interface Health {
  readonly code: 200 | 500
  /** Plain text, as Kubernetes writes it. */
  readonly text: string
}

interface Check {
  readonly name: string
  readonly passes: boolean
}

/** `/readyz/NAME` asks for one check, `?verbose` what came of each. Undefined for any other path. */
export function healthAt({ path, query }: Target, isStopping: boolean): Health | undefined {
  const [, endpoint, only] = /^\/(livez|readyz|healthz)(?:\/([a-z]+))?\/?$/.exec(path) ?? []
  if (endpoint === undefined) return undefined
  const ping: Check = { name: 'ping', passes: true }
  const all = endpoint === 'readyz' ? [ping, { name: 'shutdown', passes: !isStopping }] : [ping]
  const checks = all.filter(({ name }) => only === undefined || name === only)
  if (checks.length === 0) return undefined
  const passed = checks.every(({ passes }) => passes)
  if (passed && !query.has('verbose')) return { code: 200, text: 'ok' }
  const lines = checks.map(({ name, passes }) => (passes ? `[+]${name} ok` : `[-]${name} failed: reason withheld`))
  return {
    code: passed ? 200 : 500,
    text: `${[...lines, `${endpoint} check ${passed ? 'passed' : 'failed'}`].join('\n')}\n`,
  }
}
