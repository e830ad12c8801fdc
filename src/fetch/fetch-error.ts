/** A request that came to nothing: the message is for whoever wrote the URL, and has no secret in it. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** Another try may do better: a connection that failed, a name that was not found. */
  readonly temporary: boolean
  constructor(message: string, options: ErrorOptions & { readonly temporary?: boolean } = {}) {
    super(message, options)
    this.temporary = options.temporary ?? false
  }
}
