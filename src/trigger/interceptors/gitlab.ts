/** GitLab sends the secret itself, not a signature. */
import { equalInConstantTime, gitHostInterceptor } from './git-host.js'

export const gitlab = gitHostInterceptor({
  name: 'gitlab',
  signatureHeader: 'X-Gitlab-Token',
  eventHeader: 'X-Gitlab-Event',
  settings: "as the webhook's secret token at GitLab",
  rejection: 'Invalid X-GitLab-Token',
  isGenuine: (secret, _rawBody, token) => equalInConstantTime(secret, token),
})
