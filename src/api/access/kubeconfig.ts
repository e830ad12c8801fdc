/** The file that tells `kubectl` where the API is and who asks. Pure. */

export interface KubeconfigOptions {
  /** As in `https://127.0.0.1:6443`. */
  readonly server: string
  /** PEM. */
  readonly authority: string
  /** The name its certificate is for, when that is not the host of `server`. */
  readonly tlsServerName?: string | undefined
  readonly token: string
}

export function kubeconfig({ server, authority, tlsServerName, token }: KubeconfigOptions): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: tektite
    cluster:
      server: ${server}
      certificate-authority-data: ${Buffer.from(authority).toString('base64')}
${tlsServerName === undefined ? '' : `      tls-server-name: ${JSON.stringify(tlsServerName)}\n`}users:
  - name: tektite
    user:
      token: ${JSON.stringify(token)}
contexts:
  - name: tektite
    context:
      cluster: tektite
      user: tektite
      namespace: default
current-context: tektite
`
}

/** The port that a kubeconfig of ours names. */
export function portOf(text: string): number | undefined {
  const [, port] = /^ {6}server: https:\/\/\S+:(\d{1,5})$/m.exec(text) ?? []
  return port === undefined ? undefined : Number(port)
}
