/** Gitea and Forgejo: the hex of the HMAC alone, without the name of its algorithm. Tekton has no such interceptor. */
import { createHmac } from 'node:crypto'
import { equalInConstantTime, gitHostInterceptor } from './git-host.js'

export const gitea = gitHostInterceptor({
  name: 'gitea',
  signatureHeader: 'X-Gitea-Signature',
  eventHeader: 'X-Gitea-Event',
  settings: "as the webhook's secret at Gitea",
  rejection: 'payload signature check failed',
  isGenuine: (secret, rawBody, signature) =>
    equalInConstantTime(createHmac('sha256', secret).update(rawBody).digest('hex'), signature),
})
