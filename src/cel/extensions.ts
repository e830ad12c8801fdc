/** The extensions of cel-go that Triggers turns on. */
import type { Overload } from './function.js'
import { ENCODERS } from './functions/encoders.js'
import { LISTS, SETS } from './functions/lists.js'
import { MATH } from './functions/math.js'
import { STRINGS } from './functions/strings.js'

export const EXTENSIONS: readonly Overload[] = [...STRINGS, ...ENCODERS, ...SETS, ...LISTS, ...MATH]
