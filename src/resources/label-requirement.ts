/** What a requirement of a label selector asks of one label; `undefined` for an operator that is not of those four. */
export function meetsLabelRequirement(
  operator: unknown,
  value: string | undefined,
  values: readonly unknown[],
): boolean | undefined {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return undefined
  }
}
