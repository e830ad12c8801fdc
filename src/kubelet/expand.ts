/**
 * Kubernetes' `$(NAME)` in command, args and env values: replaced when the name is known, left alone when not. `$$` is a
 * `$` that begins nothing, so `$$(NAME)` is the text `$(NAME)`.
 */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  // Behind the last `)` no name ends. Looked for there, each `$(` of a hostile text would cost the rest of it.
  const end = text.lastIndexOf(')') + 1
  const expanded = text.slice(0, end).replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(values, name) ? (values[name] ?? '') : found
  })
  return expanded + text.slice(end).replaceAll('$$', '$')
}
