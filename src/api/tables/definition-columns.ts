/** Columns as CustomResourceDefinitions describe them: `additionalPrinterColumns`. Pure. */
import type { PrinterColumn } from '../../resources/custom-resources.js'
import { age } from './age.js'
import { type Column, column, NAME } from './column.js'
import { type JsonPath, parseJsonPath } from './json-path.js'

/** As apiextensions gives to who names none. */
const DEFAULT: readonly PrinterColumn[] = [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }]

export function definedColumns(columns: readonly PrinterColumn[] = DEFAULT): readonly Column[] {
  return [NAME, ...(columns.length === 0 ? DEFAULT : columns).map(definedColumn)]
}

function definedColumn({ name, type, format, priority = 0, description, jsonPath }: PrinterColumn): Column {
  const path = parseJsonPath(jsonPath)
  return column(name, path === undefined ? () => null : cellOf(type, path), {
    type: type as Column['type'],
    priority,
    ...(format !== undefined && { format }),
    ...(description !== undefined && { description }),
  })
}

function cellOf(type: string, path: JsonPath): Column['cell'] {
  return (object, now) => {
    const [value] = path(object)
    if (value === undefined || value === null) return null
    switch (type) {
      case 'string':
        return typeof value === 'object' ? JSON.stringify(value) : String(value)
      case 'integer':
        return typeof value === 'number' ? Math.trunc(value) : null
      case 'number':
        return typeof value === 'number' ? value : null
      case 'boolean':
        return typeof value === 'boolean' ? value : null
      case 'date':
        return typeof value === 'string' ? age(value, now) : null
      default:
        return null
    }
  }
}
