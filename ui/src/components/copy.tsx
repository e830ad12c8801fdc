import { useState } from 'react'
import { Icon } from './icons.js'

/** `what` completes "Copy …". */
export function CopyButton({ text, what }: { readonly text: string | (() => string); readonly what: string }) {
  const [copied, setCopied] = useState(false)
  async function copy() {
    await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button
      type="button"
      className="button quiet small square"
      onClick={() => void copy()}
      title={`Copy ${what}`}
      aria-label={copied ? 'Copied' : `Copy ${what}`}
    >
      <Icon name={copied ? 'done' : 'copy'} size={14} />
    </button>
  )
}
