/** What a type and its fields are for, in the words that `kubectl explain` prints. */
export interface Description {
  readonly about: string
  /** Of all versions together: one that has fewer fields leaves the others out. */
  readonly fields: Readonly<Record<string, string>>
}

/** Of a type that holds another's fields besides its own. */
export function withFields(
  { fields: shared }: Pick<Description, 'fields'>,
  about: string,
  fields: Readonly<Record<string, string>>,
): Description {
  return { about, fields: { ...shared, ...fields } }
}
