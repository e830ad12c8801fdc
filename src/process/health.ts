/** `/livez` and `/readyz` of a process: named checks, in the words of Kubernetes' own. Pure. */

export interface Check {
  readonly name: string
  /** Why it does not pass; undefined when it does. Answers at once. */
  readonly problem: () => string | undefined
}

export interface HealthAnswer {
  readonly code: 200 | 500
  readonly text: string
}

/** `/readyz/NAME` asks for one check, `?verbose` what came of each. Undefined for any other path. */
export function answerHealth(
  checks: Readonly<Record<'livez' | 'readyz', readonly Check[]>>,
  path: string,
  isVerbose: boolean,
): HealthAnswer | undefined {
  const [, endpoint, only] = /^\/(livez|readyz)(?:\/([a-z-]+))?\/?$/.exec(path) ?? []
  if (endpoint !== 'livez' && endpoint !== 'readyz') return undefined
  const asked = checks[endpoint].filter(({ name }) => only === undefined || name === only)
  if (asked.length === 0 && only !== undefined) return undefined
  const results = asked.map(({ name, problem }) => ({ name, problem: problem() }))
  const passed = results.every(({ problem }) => problem === undefined)
  if (passed && !isVerbose) return { code: 200, text: 'ok' }
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  )
  const verdict = `${endpoint} check ${passed ? 'passed' : 'failed'}`
  return { code: passed ? 200 : 500, text: `${[...lines, verdict].join('\n')}\n` }
}
