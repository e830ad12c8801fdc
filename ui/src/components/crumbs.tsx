import { Link } from 'wouter'

/** The way back: to the whole list, and to what of it is in the namespace. */
export function Crumbs({
  path,
  label,
  namespace,
}: {
  readonly path: string
  readonly label: string
  readonly namespace: string
}) {
  return (
    <nav aria-label="Where this is" className="crumbs">
      <Link href={path}>{label}</Link>
      <span aria-hidden="true">/</span>
      <Link href={`${path}?namespace=${encodeURIComponent(namespace)}`}>{namespace}</Link>
    </nav>
  )
}
