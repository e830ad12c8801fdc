import { type FormEvent, useState } from 'react'
import { keepToken, type Token } from './api/token.js'

export function Login({ onToken }: { readonly onToken: (token: Token) => void }) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  async function submit(event: FormEvent) {
    event.preventDefault()
    const token = text.trim()
    const answer = await fetch('/version', { headers: { authorization: `Bearer ${token}` } })
    if (!answer.ok) return setProblem('This token is not known here.')
    keepToken(token)
    onToken(token)
  }
  return (
    <main>
      <h1>Tektite</h1>
      <form onSubmit={submit}>
        <label>
          Token
          <input type="password" autoComplete="off" value={text} onChange={event => setText(event.target.value)} />
        </label>
        <button type="submit">Sign in</button>
        <p role="alert">{problem}</p>
      </form>
    </main>
  )
}
