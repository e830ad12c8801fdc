/** What this folder looks at in an expression's tree, which is the parser's. */

export interface Node {
  /** Where it stands is in the parser's table of positions, by this. */
  readonly id: bigint
  readonly exprKind: NodeKind
}

export type NodeKind =
  | { readonly case: 'constExpr'; readonly value: { readonly constantKind: Constant } }
  | { readonly case: 'identExpr'; readonly value: { readonly name: string } }
  | { readonly case: 'selectExpr'; readonly value: Select }
  | { readonly case: 'callExpr'; readonly value: Call }
  | { readonly case: 'listExpr'; readonly value: { readonly elements: readonly Node[] } }
  | {
      readonly case: 'structExpr'
      readonly value: { readonly messageName: string; readonly entries: readonly Entry[] }
    }
  | { readonly case: 'comprehensionExpr'; readonly value: Comprehension }

export type Constant =
  | { readonly case: 'stringValue'; readonly value: string }
  | { readonly case: 'boolValue'; readonly value: boolean }
  | { readonly case: 'int64Value' | 'uint64Value'; readonly value: bigint }
  | { readonly case: 'doubleValue'; readonly value: number }
  | { readonly case: 'bytesValue'; readonly value: Uint8Array }
  | { readonly case: 'nullValue'; readonly value: number }

export interface Select {
  readonly operand: Node
  readonly field: string
  /** In `has(…)`. */
  readonly testOnly: boolean
}

export interface Call {
  /** What it is a method of. */
  readonly target?: Node
  /** Operators are functions too: `_+_`. */
  readonly function: string
  readonly args: readonly Node[]
}

export interface Entry {
  readonly keyKind: { readonly case: string; readonly value: Node }
  readonly value: Node
}

/** What the parser makes of `all`, `exists`, `exists_one`, `map` and `filter`. */
export interface Comprehension {
  readonly iterVar: string
  readonly iterRange: Node
  readonly accuInit: Node
  readonly loopStep: Node
}

/** Everything directly inside, in the order of the text as far as it matters. */
export function childrenOf({ exprKind }: Node): readonly Node[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return [exprKind.value.operand]
    case 'callExpr':
      return exprKind.value.target === undefined ? exprKind.value.args : [exprKind.value.target, ...exprKind.value.args]
    case 'listExpr':
      return exprKind.value.elements
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        keyKind.case === 'mapKey' ? [keyKind.value, value] : [value],
      )
    case 'comprehensionExpr':
      return [exprKind.value.iterRange, exprKind.value.loopStep]
    default:
      return []
  }
}
