import type { ConnectionOptions } from 'node:tls'

/** How to be let in, as of now. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  /** Whom to trust, and a certificate of one's own. */
  readonly tls: ConnectionOptions
}

/** An API server, and how to be let in there. */
export interface Connection {
  /** With a path where the API server is behind one. */
  readonly server: URL
  /** `refused`: those of last time were, so whatever is kept is to be asked for anew. May read files or run a program. */
  credentials(refused: boolean): Promise<Credentials>
}

export interface Address {
  readonly server: string
  readonly token?: string
  /** PEM. Whom to trust besides nobody; the system's authorities when not given. */
  readonly certificateAuthority?: string
}

/** To an API server with a token that stays the same. */
export function connectionTo({ server, token, certificateAuthority }: Address): Connection {
  const credentials = {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    tls: certificateAuthority === undefined ? {} : { ca: certificateAuthority },
  }
  return { server: new URL(server), credentials: async () => credentials }
}
