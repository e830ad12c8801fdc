import { useMemo } from 'react'
import { CopyButton } from './copy.js'
import { Icon } from './icons.js'
import { yamlLines, yamlText } from './yaml-lines.js'

/** An object as YAML: to read, to copy, to take along. `name`: of the file. */
export function Yaml({ value, name }: { readonly value: unknown; readonly name: string }) {
  const lines = useMemo(() => yamlLines(value), [value])
  function download() {
    const url = URL.createObjectURL(new Blob([yamlText(value)], { type: 'application/yaml' }))
    const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.yaml` })
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <div className="yaml">
      <div className="yaml-actions">
        <CopyButton text={() => yamlText(value)} what="YAML" />
        <button
          type="button"
          className="button quiet small square"
          onClick={download}
          title="Download YAML"
          aria-label="Download YAML"
        >
          <Icon name="download" size={14} />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className="code" tabIndex={0} aria-label={`${name} as YAML`}>
        <pre>
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
            <span key={at}>
              {line.map(({ is, text }, piece) =>
                is === 'mark' || is === 'text' ? (
                  text
                ) : (
                  // biome-ignore lint/suspicious/noArrayIndexKey: nor have pieces
                  <span key={piece} className={is}>
                    {text}
                  </span>
                ),
              )}
              {'\n'}
            </span>
          ))}
        </pre>
      </section>
    </div>
  )
}

/** Without what no person reads: who set which field. */
export function shownObject<T extends { readonly metadata: object }>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as { managedFields?: unknown }
  return { ...object, metadata }
}
