/** The Accept header: which of our forms of an answer a client wants. Pure. */

export interface MediaRange {
  /** `application/json`, lower case, without parameters. */
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The best first: by their quality, and as written where that is the same. No header accepts anything. */
export function mediaRanges(accept: string | undefined): readonly MediaRange[] {
  return (accept || '*/*')
    .split(',')
    .map(rangeOf)
    .filter(({ parameters }) => quality(parameters) > 0)
    .sort((a, b) => quality(b.parameters) - quality(a.parameters))
}

/** Whether the range stands for this type; its parameters are left to the caller. */
export function covers({ type }: MediaRange, wanted: string): boolean {
  return type === wanted || type === '*/*' || type === `${wanted.slice(0, wanted.indexOf('/'))}/*`
}

function rangeOf(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim())
  return {
    type: type.toLowerCase(),
    parameters: Object.fromEntries(
      parameters.map(each => {
        const [name = '', value = ''] = each.split('=')
        return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
      }),
    ),
  }
}

function quality({ q }: MediaRange['parameters']): number {
  const value = Number(q ?? '1')
  return Number.isNaN(value) ? 1 : value
}
