import { expect, test } from 'vitest'
import { imageName } from '../../src/lib/image-name.js'

test.each([
  ['alpine', { repository: 'alpine', owner: '', tag: '' }],
  ['alpine:3.20', { repository: 'alpine', owner: '', tag: '3.20' }],
  ['mirror.gcr.io/alpine@sha256:2510', { repository: 'alpine', owner: '', tag: '' }],
  ['localhost:5000/alpine', { repository: 'alpine', owner: '', tag: '' }],
  ['localhost/alpine', { repository: 'alpine', owner: '', tag: '' }],
  ['alpine/git:v2.45@sha256:aa', { repository: 'git', owner: 'alpine', tag: 'v2.45' }],
  ['docker.io/library/node:20-alpine', { repository: 'node', owner: 'library', tag: '20-alpine' }],
  ['', { repository: '', owner: '', tag: '' }],
])('image %j is taken apart', (image, parts) => {
  expect(imageName(image)).toEqual(parts)
})
