/** Field selectors: `status.phase=Running,metadata.name!=x`. In a value, `\` stands before a comma, an `=` or a `\`. */
import { badRequest } from '../status.js'

export interface FieldRequirement {
  readonly field: string
  readonly isEqual: boolean
  readonly value: string
}

/** All of them must hold; none at all selects everything. */
export type FieldSelector = readonly FieldRequirement[]

/** Does not say whether there are such fields: `field-labels.ts` does. @throws ApiError 400 */
export function parseFieldSelector(text: string): FieldSelector {
  return termsOf(text)
    .filter(term => term !== '')
    .map(term => {
      const match = /^(?<field>.*?)(?<operator>!=|==|=)(?<value>.*)$/s.exec(term)
      const { field, operator, value } = match?.groups ?? {}
      if (field === undefined || value === undefined) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
      }
      return { field, isEqual: operator !== '!=', value: unescaped(value) }
    })
}

function termsOf(text: string): readonly string[] {
  return text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []
}

function unescaped(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (found, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.codePointAt(0)}`)
    }
    if (!['\\', ',', '='].includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`)
    }
    return escaped
  })
}
