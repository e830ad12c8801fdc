import { CopyButton } from './copy.js'

/** A command to copy: the way out of an empty page. */
export function Command({ text }: { readonly text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} what="the command" />
    </div>
  )
}
