/** How functions are declared: what they take, what they give, and how. */
import type { Meter } from './meter.js'
import type { Type } from './types.js'
import {
  type Duration,
  type Kind,
  kindOf,
  type List,
  type MapValue,
  type Timestamp,
  type TypeName,
  type Uint,
  type Value,
} from './values.js'

/** What a function may use besides its arguments. */
export interface Context {
  readonly meter: Meter
  /** Whether `text` is the value of that Secret's key, compared in constant time. @throws CelProblem when there is none */
  readonly equalsSecret: (text: string, key: string, name: string) => boolean
}

export interface Overload {
  readonly name: string
  readonly isMethod: boolean
  readonly parameters: readonly Type[]
  readonly result: Type
  /** Called with what `accepts`. */
  readonly run: (context: Context, values: readonly Value[]) => Value
}

/** What a function is given for a parameter of a type. */
export type Given<T> = T extends 'bool'
  ? boolean
  : T extends 'int'
    ? bigint
    : T extends 'uint'
      ? Uint
      : T extends 'double'
        ? number
        : T extends 'string'
          ? string
          : T extends 'bytes'
            ? Uint8Array
            : T extends 'timestamp'
              ? Timestamp
              : T extends 'duration'
                ? Duration
                : T extends { readonly list: unknown }
                  ? List
                  : T extends { readonly key: unknown }
                    ? MapValue
                    : T extends { readonly type: unknown }
                      ? TypeName
                      : Value
type Arguments<P extends readonly Type[]> = { readonly [Place in keyof P]: Given<P[Place]> }
type Body<P extends readonly Type[]> = (values: Arguments<P>, context: Context) => Value

/** `name(a, b)`, also `space.name(a, b)`. */
export function celFunction<const P extends readonly Type[]>(name: string, parameters: P, result: Type, body: Body<P>) {
  return overload(name, false, parameters, result, body)
}

/** `a.name(b)`: the first parameter is what it is called on. */
export function celMethod<const P extends readonly Type[]>(name: string, parameters: P, result: Type, body: Body<P>) {
  return overload(name, true, parameters, result, body)
}

function overload<const P extends readonly Type[]>(
  name: string,
  isMethod: boolean,
  parameters: P,
  result: Type,
  body: Body<P>,
): Overload {
  return { name, isMethod, parameters, result, run: (context, values) => body(values as Arguments<P>, context) }
}

/** Whether the values are of the kinds that the parameters ask for; what is inside a list is the function's to look at. */
export function accepts(parameters: readonly Type[], values: readonly Value[]): boolean {
  return parameters.every((parameter, index) => {
    const kind = kindAsked(parameter)
    return kind === undefined || kind === kindOf(values[index] as Value)
  })
}

function kindAsked(type: Type): Kind | undefined {
  if (typeof type !== 'string') return 'list' in type ? 'list' : 'type' in type ? 'type' : 'map'
  switch (type) {
    case 'dyn':
    case 'A':
    case 'B':
      return undefined
    case 'null':
      return 'null_type'
    case 'timestamp':
      return 'google.protobuf.Timestamp'
    case 'duration':
      return 'google.protobuf.Duration'
    default:
      return type
  }
}
