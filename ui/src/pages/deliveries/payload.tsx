/** The body of a delivery, as a tree or as it came. Whatever is in it is text. */
import { useMemo, useState } from 'react'
import type { DeliveryObject } from '../../../../src/resources/deliveries.js'
import { CopyButton } from '../../components/copy.js'
import { bytesText } from '../../log-viewer/log-line.js'
import { JsonTree } from './json-tree.js'

/** More than this in one piece makes a browser slow; copying takes all of it. */
const SHOWN_CHARACTERS = 200_000

export function Payload({ body }: { readonly body: DeliveryObject['spec']['body'] }) {
  const text = body.text ?? body.base64 ?? ''
  const parsed = useMemo(() => parsedJson(body.text), [body.text])
  const [asTree, setAsTree] = useState(true)
  const isTree = asTree && parsed !== undefined
  return (
    <section className="card" aria-labelledby="payload">
      <div className="card-head">
        <h2 id="payload">Payload</h2>
        <span className="soft small">
          {bytesText(body.bytes)}
          {body.base64 !== undefined && ', no text: shown as base64'}
        </span>
        <span className="payload-actions">
          {parsed !== undefined && (
            <fieldset className="filters" aria-label="Show the payload as">
              <button type="button" className="filter small" aria-pressed={isTree} onClick={() => setAsTree(true)}>
                Tree
              </button>
              <button type="button" className="filter small" aria-pressed={!isTree} onClick={() => setAsTree(false)}>
                Text
              </button>
            </fieldset>
          )}
          {text !== '' && <CopyButton text={text} what="the payload" />}
        </span>
      </div>
      {text === '' ? (
        <p className="card-body soft">{body.bytes === 0 ? 'It has no body.' : 'The body was not kept.'}</p>
      ) : isTree ? (
        <JsonTree value={parsed.value} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with keys
        <pre className="code" tabIndex={0}>
          {text.slice(0, SHOWN_CHARACTERS)}
          {text.length > SHOWN_CHARACTERS &&
            `\n… ${bytesText(text.length - SHOWN_CHARACTERS)} more: copy it to see all`}
        </pre>
      )}
    </section>
  )
}

function parsedJson(text: string | undefined): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? { value } : undefined
  } catch {
    // Another kind of text: shown as it is.
    return undefined
  }
}
