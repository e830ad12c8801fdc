import { useState } from 'react'
import { forgetToken, readToken, type Token } from './api/token.js'
import { Login } from './login.js'

export function App() {
  const [token, setToken] = useState<Token | undefined>(readToken)
  if (token === undefined) return <Login onToken={setToken} />
  function signOut() {
    forgetToken()
    setToken(undefined)
  }
  return (
    <main>
      <h1>Runs</h1>
      <button type="button" onClick={signOut}>
        Sign out
      </button>
    </main>
  )
}
