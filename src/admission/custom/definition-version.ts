/** One of the versions of a CustomResourceDefinition, but for its schema. */
import type { CustomResourceVersion, PrinterColumn } from '../../resources/custom-resources.js'
import { fieldInvalid, fieldRequired } from '../../resources/field-problems.js'
import type { Problem } from '../../resources/problem.js'
import { wrongLabel } from './dns-names.js'

export function versionProblems(version: CustomResourceVersion, path: string): readonly Problem[] {
  const wrong = wrongLabel(version.name ?? '')
  return [
    ...(wrong === undefined ? [] : [fieldInvalid(`${path}.name`, version.name ?? '', wrong)]),
    ...deprecationProblems(version, `${path}.deprecationWarning`),
    ...scaleProblems(version.subresources?.scale, `${path}.subresources.scale`),
    ...(version.additionalPrinterColumns ?? []).flatMap((column, index) =>
      columnProblems(column, `${path}.additionalPrinterColumns[${index}]`),
    ),
  ]
}

function deprecationProblems(
  { deprecated, deprecationWarning: text }: CustomResourceVersion,
  path: string,
): readonly Problem[] {
  if (text === undefined) return []
  if (!deprecated) return [fieldInvalid(path, text, 'can only be set for deprecated versions')]
  const unprintable = [...text].findIndex(character => /\p{C}/u.test(character))
  return [
    ...(Buffer.byteLength(text) > 256 ? [fieldInvalid(path, text, 'must be <= 256 characters long')] : []),
    ...(text === '' ? [fieldInvalid(path, text, 'must not be an empty string')] : []),
    ...(unprintable < 0
      ? []
      : [
          fieldInvalid(
            path,
            text,
            `must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`,
          ),
        ]),
  ]
}

function scaleProblems(scale: Readonly<Record<string, unknown>> | undefined, path: string): readonly Problem[] {
  if (scale === undefined) return []
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  return [
    ...pathProblems(specReplicasPath, `${path}.specReplicasPath`, ['.spec.'], 'should be a json path under .spec'),
    ...pathProblems(
      statusReplicasPath,
      `${path}.statusReplicasPath`,
      ['.status.'],
      'should be a json path under .status',
    ),
    ...(labelSelectorPath
      ? pathProblems(
          labelSelectorPath,
          `${path}.labelSelectorPath`,
          ['.spec.', '.status.'],
          'should be a json path under either .spec or .status',
        )
      : []),
  ]
}

function pathProblems(value: unknown, path: string, under: readonly string[], text: string): readonly Problem[] {
  if (typeof value !== 'string' || value === '') return [fieldRequired(path)]
  if (!value.startsWith('.')) return [fieldInvalid(path, value, 'must be a simple json path starting with .')]
  return under.some(prefix => value.startsWith(prefix)) ? [] : [fieldInvalid(path, value, text)]
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function columnProblems(column: PrinterColumn, path: string): readonly Problem[] {
  const { name, type, format, jsonPath } = column
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  return [
    ...(name ? [] : [fieldRequired(`${path}.name`)]),
    ...(type
      ? COLUMN_TYPES.includes(type)
        ? []
        : [fieldInvalid(`${path}.type`, type, types)]
      : [fieldRequired(`${path}.type`, types)]),
    ...(format && !COLUMN_FORMATS.includes(format)
      ? [fieldInvalid(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`)]
      : []),
    ...(jsonPath
      ? jsonPath.startsWith('.')
        ? []
        : [fieldInvalid(`${path}.jsonPath`, jsonPath, 'must be a simple json path starting with .')]
      : [fieldRequired(`${path}.jsonPath`)]),
  ]
}
