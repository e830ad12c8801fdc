/** The lines that an address points at: `line=12`, or `line=12-20`. Pure. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

export function parseLineRange(text: string | null): LineRange | undefined {
  const [, first, second = first] = /^L?(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(text ?? '') ?? []
  const [a, b] = [Number(first), Number(second)]
  return first === undefined || a < 1 || b < 1 ? undefined : { from: Math.min(a, b), to: Math.max(a, b) }
}

export function lineRangeText({ from, to }: LineRange): string {
  return from === to ? String(from) : `${from}-${to}`
}
