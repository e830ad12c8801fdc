import { Empty } from '../../components/states.js'

export function RunPage({ run }: { readonly namespace: string; readonly run: string }) {
  return (
    <div className="page">
      <div className="page-head">
        <h1>{run}</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
