import { type FormEvent, useState } from 'react'
import { signedOutBecause, signIn } from './api/session.js'
import { Mark } from './shell/shell.js'

export function Login() {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState(signedOutBecause)
  async function submit(event: FormEvent) {
    event.preventDefault()
    const token = text.trim()
    // Not the client: its token is the one that is being given.
    const answer = await fetch('/version', { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined)
    if (answer === undefined) return setProblem('The server cannot be reached.')
    if (!answer.ok) return setProblem('This token is not known here.')
    signIn(token)
  }
  return (
    <main className="sign-in">
      <form onSubmit={event => void submit(event)}>
        <h1 className="brand">
          <Mark size={24} />
          Tektite
        </h1>
        <div className="field">
          <label htmlFor="token">Token</label>
          <input
            id="token"
            className="input"
            type="password"
            autoComplete="off"
            value={text}
            onChange={event => setText(event.target.value)}
          />
          <p className="small soft">
            On the machine of <code>tektite up</code> it is in the data folder, by default <code>.tektite/token</code>.
          </p>
        </div>
        <button type="submit" className="button primary">
          Sign in
        </button>
        <p role="alert">{problem}</p>
      </form>
    </main>
  )
}
