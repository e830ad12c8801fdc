/**
 * Kubernetes' `$(NAME)` in command, args and env values: replaced when the name is known, left alone when not. `$$` is a
 * `$` that begins nothing, so `$$(NAME)` is the text `$(NAME)`.
 */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(values, name) ? (values[name] ?? '') : found
  })
}
