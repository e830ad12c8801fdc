/** Whether one is signed in, for every part of the page to know. */
import { useSyncExternalStore } from 'react'
import { forgetToken, keepToken, readToken, type Token } from './token.js'

let token = readToken()
let reason = ''
const listeners = new Set<() => void>()

export function currentToken(): Token | undefined {
  return token
}

/** Why one was signed out; '' when one did it oneself. */
export function signedOutBecause(): string {
  return reason
}

export function signIn(given: Token): void {
  keepToken(given)
  change(given, '')
}

export function signOut(because = ''): void {
  forgetToken()
  change(undefined, because)
}

export function useToken(): Token | undefined {
  return useSyncExternalStore(subscribe, currentToken)
}

/** Called when the token changes. Returns what ends that. */
export function onSession(listener: () => void): () => void {
  return subscribe(listener)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function change(to: Token | undefined, because: string): void {
  token = to
  reason = because
  for (const listener of listeners) listener()
}
