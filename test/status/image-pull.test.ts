import { expect, test } from 'vitest'
import { isFinalPullError } from '../../src/status/image-pull.js'

const RESOLVE = 'failed to pull and unpack image "r.example/a:1": failed to resolve reference "r.example/a:1": '

test.each([
  `rpc error: code = NotFound desc = ${RESOLVE}r.example/a:1: not found`,
  `${RESOLVE}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
  `${RESOLVE}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aa%3Apull&service=ghcr.io: 403 Forbidden`,
  `${RESOLVE}unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 401 Unauthorized`,
  `${RESOLVE}pulling from host r.example failed with status code [manifests 1]: 403 Forbidden`,
  `${RESOLVE}failed to do request: unexpected status from HEAD request: 404 Not Found`,
  'failed to pull and unpack image "r.example/a:1": no match for platform in manifest: not found',
  'reading manifest 1 in r.example/a: manifest unknown',
  'reading manifest 1 in r.example/a: name unknown: repository "a" not found',
  'reading manifest latest in docker.io/crio/busybox: errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required',
  'initializing source docker://r.example/a:1: unable to retrieve auth token: invalid username/password: unauthorized: The client does not have permission for manifest',
  'choosing an image from manifest list docker://r.example/a:1: no image found in manifest list for architecture "arm64", variant "v8", OS "linux"',
  'Failed to apply default image tag "A:b:c": couldn\'t parse image name "A:b:c": invalid reference format: repository name must be lowercase',
  'Back-off pulling image "quay.io/crio/unsigned:latest": SignatureValidationFailed: image pull failed for quay.io/crio/unsigned:latest because the signature validation failed: Source image rejected: A signature was required, but no signature exists',
  'Error response from daemon: pull access denied for a, repository does not exist or may require docker login: denied: requested access to the resource is denied',
])('no patience brings it: %s', message => {
  expect(isFinalPullError(message)).toBe(true)
  expect(isFinalPullError(`Back-off pulling image "r.example/a:1": ErrImagePull: ${message}`)).toBe(true)
})

test.each([
  `${RESOLVE}failed to do request: Head "https://r.example/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused`,
  `${RESOLVE}failed to do request: Head "https://r.example/v2/a/manifests/1": dial tcp: lookup r.example on 10.96.0.10:53: server misbehaving`,
  `${RESOLVE}failed to do request: Head "https://r.example/v2/a/manifests/1": net/http: TLS handshake timeout`,
  `${RESOLVE}failed to do request: Head "https://r.example/v2/a/manifests/1": EOF`,
  `${RESOLVE}failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp 1.2.3.4:443: i/o timeout`,
  `${RESOLVE}failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://r.example/token: 503 Service Unavailable`,
  `${RESOLVE}unexpected status code [manifests 1]: 500 Internal Server Error`,
  'failed to pull and unpack image "r.example/a:1": failed to copy: httpReadSeeker: failed open: unexpected status code https://r.example/v2/a/blobs/sha256:00: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.',
  'failed to pull and unpack image "r.example/a:1": failed to copy: read tcp 10.0.0.2:1->10.0.0.1:443: read: connection reset by peer',
  'failed to pull and unpack image "r.example/a:1": failed to extract layer sha256:00: write /var/lib/containerd/x: no space left on device: unknown',
  'failed to pull and unpack image "r.example/a:1": failed to prepare extraction snapshot "extract-1 sha256:00": parent snapshot sha256:01 does not exist: not found',
  'error pinging docker registry r.example: invalid status code from registry 502 (Bad Gateway)',
  'initializing source docker://r.example/a:1: pinging container registry r.example: received unexpected HTTP status: 504 Gateway Timeout',
  'reading manifest 1.13 in docker.io/library/nginx: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading',
  'pull QPS exceeded',
  'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  'Back-off pulling image "r.example/a:1"',
  'something that nobody has seen before',
  '',
])('it may come: %s', message => {
  expect(isFinalPullError(message)).toBe(false)
})
