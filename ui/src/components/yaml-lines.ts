/** JSON as YAML, in pieces that say what they are: what is shown in colours is what is copied. Pure. */

export interface Piece {
  readonly is: 'key' | 'text' | 'literal' | 'mark'
  readonly text: string
}

export type Line = readonly Piece[]

export function yamlLines(value: unknown): readonly Line[] {
  return isEmpty(value) || !isNested(value) ? [[scalar(value)]] : block(value, '')
}

export function yamlText(value: unknown): string {
  return `${yamlLines(value)
    .map(line => line.map(({ text }) => text).join(''))
    .join('\n')}\n`
}

function block(value: object, indent: string): readonly Line[] {
  if (Array.isArray(value)) return value.flatMap(item => listed(item, indent))
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .flatMap(([name, field]) => {
      const head: Line = [mark(indent), { is: 'key', text: key(name) }, mark(':')]
      if (isNested(field) && !isEmpty(field)) {
        return [head, ...block(field, Array.isArray(field) ? indent : `${indent}  `)]
      }
      return withScalar([...head, mark(' ')], field, `${indent}  `)
    })
}

/** An item of a list: its first line has the dash in place of its indent. */
function listed(item: unknown, indent: string): readonly Line[] {
  if (!isNested(item) || isEmpty(item)) return withScalar([mark(`${indent}- `)], item, `${indent}  `)
  const [first = [], ...rest] = block(item, `${indent}  `)
  return [[mark(`${indent}- `), ...first.slice(1)], ...rest]
}

function withScalar(head: Line, value: unknown, indent: string): readonly Line[] {
  if (typeof value !== 'string' || !isBlock(value)) return [[...head, scalar(value)]]
  const lines = value.split('\n')
  const keep = value.endsWith('\n\n') || value === '\n' ? '+' : value.endsWith('\n') ? '' : '-'
  if (value.endsWith('\n')) lines.pop()
  return [
    [...head, mark(`|${keep}`)],
    ...lines.map((line): Line => [mark(line === '' ? '' : indent), { is: 'text', text: line }]),
  ]
}

/** Told apart from what a block may not hold: it begins with a space, or has control characters. */
function isBlock(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.includes('\n') && !/^\s|[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]/.test(text)
}

function scalar(value: unknown): Piece {
  if (typeof value === 'string') return { is: 'text', text: plain(value) ? value : JSON.stringify(value) }
  if (isNested(value)) return mark(Array.isArray(value) ? '[]' : '{}')
  return { is: 'literal', text: String(value) }
}

function key(name: string): string {
  return plain(name) ? name : JSON.stringify(name)
}

/** Whether it means the same without quotes. Rather one pair too many. */
function plain(text: string): boolean {
  return (
    /^[\w./$(][\w ./$()@,=+:~*^%?!<>&|;[\]-]*$/.test(text) &&
    !/^(?:[yn]|yes|no|on|off|true|false|null|~|[-+.]?\d[\d_.,:eExXoO+-]*|\.(?:inf|nan)|0[xo].*)$/i.test(text) &&
    !/: |:$| #|\s$/.test(text) &&
    !/^\d{4}-\d\d-\d\d/.test(text)
  )
}

function mark(text: string): Piece {
  return { is: 'mark', text }
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isEmpty(value: unknown): boolean {
  return isNested(value) && Object.keys(value).length === 0
}
