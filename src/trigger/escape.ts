/**
 * What a stranger wrote is text and never a variable. Where an object is only kept, a value goes in as it is; where
 * somebody looks for `$(…)` in it, the value is written so that this reader finds the text and no variable.
 */

/** One text of a template, piece by piece: what its author wrote, and values put between. */
export interface Piece {
  readonly text: string
  readonly isValue: boolean
}

export type Join = (pieces: readonly Piece[]) => string

/**
 * How the pieces of one text are put together.
 * @param path keys and indices from the object's root
 */
export function joinFor(apiVersion: unknown, path: readonly (string | number)[]): Join {
  if (typeof apiVersion === 'string' && apiVersion.startsWith('tekton.dev/')) {
    return path[0] === 'spec' ? joinForTekton : joinAsIs
  }
  return isExpandedByKubelet(path) ? joinForKubelet : joinAsIs
}

const joinAsIs: Join = pieces => pieces.map(piece => piece.text).join('')

/** As Triggers' HEAD: `$(` of a value becomes `$$(`, and nothing of ours replaces a variable behind `$$`. */
const joinForTekton: Join = pieces => {
  let out = ''
  let previous: Piece | undefined
  for (const piece of pieces.filter(({ text }) => text !== '')) {
    // `$` and `(` that meet where a value begins or ends would make a variable that nobody wrote.
    const meets = previous !== undefined && out.endsWith('$') && piece.text.startsWith('(')
    out += (meets ? '$' : '') + (piece.isValue ? piece.text.replaceAll('$(', '$$$$(') : piece.text)
    previous = piece
  }
  return out
}

/** The kubelet reads `$$` as `$`, and `$(NAME)` as the value of a variable of the container. */
const joinForKubelet: Join = pieces =>
  pieces
    .map(({ text, isValue }, index) => {
      if (isValue) return text.replace(/\$(?=[$(]|$)/g, '$$$$')
      // A lone `$` of the author's before a value would begin something with it.
      const isBeforeValue = pieces.slice(index + 1).some(piece => piece.text !== '')
      return isBeforeValue && /(?<!\$)(\$\$)*\$$/.test(text) ? `${text}$` : text
    })
    .join('')

/** `command`, `args` and `env[].value` of any container of any Pod, Job, Deployment and their like. */
function isExpandedByKubelet(path: readonly (string | number)[]): boolean {
  return /\.(containers|initContainers|ephemeralContainers)\.\d+\.(command\.\d+|args\.\d+|env\.\d+\.value)$/.test(
    `.${path.join('.')}`,
  )
}
