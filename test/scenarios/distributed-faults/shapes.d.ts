export const SHAPES: Readonly<Record<string, unknown>>
