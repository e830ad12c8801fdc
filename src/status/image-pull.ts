/**
 * What containerd and CRI-O say of an image that they could not pull: whether it can come if it is only tried again. Up to
 * Kubernetes 1.31 `ImagePullBackOff` does not say it, and only `ErrImagePull`, with which it takes turns, does.
 */

/** The registry, or the way to it. Looked for first: the way to a registry that asks who one is can be cut too. */
const PASSING: readonly RegExp[] = [
  /\b429\b|toomanyrequests|too many requests/i,
  /\b5\d\d (?:[A-Z]|\()|status(?: code)?(?: [a-z]+)*:? 5\d\d\b/,
  /dial tcp|no such host|server misbehaving|name resolution|no route to host|network is unreachable/i,
  /connection (?:refused|reset|timed out)|i\/o timeout|handshake timeout|client\.timeout|broken pipe|proxyconnect/i,
  /\bEOF\b|context (?:deadline exceeded|canceled)/,
]

/** Nobody but the author can help: there is no such image, or not for who asks, or not for this kind of node. */
const FINAL: readonly RegExp[] = [
  /failed to resolve .*: not found/,
  /\b40[134] [A-Z]|unauthorized|denied|insufficient_scope|authorization failed|authentication required/i,
  /no basic auth credentials|invalid username\/password/i,
  /(?:manifest|name) unknown|repository does not exist|repository name not known/i,
  /no match for platform|no image found in (?:manifest list|image index)/i,
  /invalid reference format|couldn't parse image/i,
  /signature was required|signature validation failed|SignatureValidationFailed/i,
]

/** False also for what nobody has seen before. */
export function isFinalPullError(message: string): boolean {
  return !PASSING.some(pattern => pattern.test(message)) && FINAL.some(pattern => pattern.test(message))
}
