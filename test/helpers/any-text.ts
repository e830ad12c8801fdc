import fc from 'fast-check'

/**
 * Texts of any characters, half surrogates aside, and those that have broken programs before. What
 * `fc.string({ unit: 'binary' })` gives, which takes two seconds to make.
 */
export function anyText(bounds: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  const character = fc.integer({ min: 0, max: 0x10_f7_ff }).map(n => String.fromCodePoint(n < 0xd8_00 ? n : n + 0x8_00))
  return fc.oneof(
    fc.array(character, bounds).map(characters => characters.join('')),
    fc.string(bounds),
  )
}
