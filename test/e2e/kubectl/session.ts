/**
 * What a user types and sees, in the `console` blocks of a Markdown page:
 *
 *     $ kubectl get pods nosuch        # since 1.23
 *     ! Error from server (NotFound): pods "nosuch" not found
 *     [1]
 *
 * A command is a line for `sh`, with more of it in lines that begin with `>`. Below stands what it prints: on standard
 * error behind `! `, and the exit code in brackets when it is not 0. `# since 1.23` and `# before 1.23` say which
 * versions of kubectl it is for. A line of `...` stands for any lines, `<any>` for any text in a line, `<age>`, `<time>`,
 * `<uid>` and `<number>` for what they say. How many spaces there are between columns does not matter. Pure.
 */

/** A command and what is expected of it, or text between commands. */
export interface Step {
  /** Its lines as they stand in the page; of a command, without what is expected. */
  readonly source: readonly string[]
  /** Undefined for text. */
  readonly command: string | undefined
  readonly expected: readonly string[]
}

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  /** Null when it was killed. */
  readonly code: number | null
}

export function parseSession(page: string): readonly Step[] {
  const steps: { source: string[]; command?: string; expected: string[] }[] = []
  let inBlock = false
  for (const line of page.replace(/\n$/, '').split('\n')) {
    const last = steps.at(-1)
    if (line.startsWith('```')) {
      inBlock = line === '```console'
      steps.push({ source: [line], expected: [] })
    } else if (!inBlock) steps.push({ source: [line], expected: [] })
    else if (line.startsWith('$ ')) steps.push({ source: [line], command: line.slice(2), expected: [] })
    else if (last?.command === undefined) throw new Error(`a console block begins with a command: ${line}`)
    else if (/^>( |$)/.test(line) && last.expected.length === 0) {
      last.source.push(line)
      last.command += `\n${line.slice(2)}`
    } else last.expected.push(line)
  }
  return steps.map(({ source, command, expected }) => ({ source, command, expected }))
}

/** Is this step for this version of kubectl? */
export function isFor(step: Step, version: string): boolean {
  const [, word, bound] = /# (since|before) (\d+\.\d+)$/.exec(step.source[0] ?? '') ?? []
  if (bound === undefined) return true
  return version.localeCompare(bound, 'en', { numeric: true }) >= 0 === (word === 'since')
}

/** The step's lines as they would have to stand in the page: unchanged when the outcome is as expected. */
export function renderStep({ source, expected }: Step, outcome: Outcome): readonly string[] {
  const seen = [
    ...linesOf(outcome.stdout),
    ...linesOf(outcome.stderr).map(line => `! ${line}`.trimEnd()),
    ...(outcome.code === 0 ? [] : [`[${outcome.code ?? 'killed'}]`]),
  ]
  return [...source, ...(isAsExpected(expected, seen) ? expected : seen)]
}

function linesOf(text: string): readonly string[] {
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map(line => line.trimEnd())
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '<any>': '.*?',
  '<age>': '\\d+(?:ms|[smhdy])(?:\\d+[smhd])?',
  '<time>': '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ',
  '<uid>': '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  '<number>': '\\d+',
}

function isAsExpected(expected: readonly string[], seen: readonly string[]): boolean {
  const pattern = expected.map(line => (line === '...' ? '(?:.*\\n)*?' : `${patternOf(line)}\\n`)).join('')
  const text = seen.map(line => `${withoutWidths(line)}\n`).join('')
  return new RegExp(`^${pattern}$`).test(text)
}

function patternOf(line: string): string {
  return withoutWidths(line)
    .split(/(<[a-z]+>)/)
    .map(part => PLACEHOLDERS[part] ?? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('')
}

/** Columns are as wide as their widest cell, which an age or a uid changes. Indentation stays. */
function withoutWidths(line: string): string {
  return line.replace(/(?<=\S)\s{2,}(?=\S)/g, '  ')
}
