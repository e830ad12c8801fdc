export type Token = string

const KEY = 'tektite.token'

/**
 * The token of this tab: the one that the address brought (`#token=…`, which no server sees), or the one that was given
 * before. An address is cleaned at once: it goes into histories and bookmarks.
 */
export function readToken(): Token | undefined {
  const brought = /^#token=([\w.~+/=-]+)$/.exec(location.hash)?.[1]
  if (brought !== undefined) {
    keepToken(brought)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return sessionStorage.getItem(KEY) ?? undefined
}

export function keepToken(token: Token): void {
  sessionStorage.setItem(KEY, token)
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY)
}
