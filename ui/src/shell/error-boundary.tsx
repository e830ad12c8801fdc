import { Component, type ReactNode } from 'react'
import { messageOf } from '../api/client.js'
import { Empty } from '../components/states.js'

/** What one page cannot draw takes the rest of the dashboard not along. React has no hook for this. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    return (
      <Empty title="This page cannot be drawn">
        <p>{messageOf(this.state.error)}</p>
        <p>Reload to try again; what happened is on the console of the browser.</p>
      </Empty>
    )
  }
}
