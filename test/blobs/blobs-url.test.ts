import { expect, test } from 'vitest'
import { blobsUrl, secretInBlobsUrl } from '../../src/blobs/blobs-url.js'

test.each([
  ['file:///var/lib/tektite/logs', { is: 'folder', folder: '/var/lib/tektite/logs' }],
  ['file:///a%20b/', { is: 'folder', folder: '/a b' }],
  ['s3://logs', { is: 's3', bucket: 'logs', prefix: '', pathStyle: false }],
  ['s3://logs/', { is: 's3', bucket: 'logs', prefix: '', pathStyle: false }],
  ['s3://logs/ci/one/', { is: 's3', bucket: 'logs', prefix: 'ci/one', pathStyle: false }],
  ['s3://logs?region=eu-west-1', { is: 's3', bucket: 'logs', prefix: '', region: 'eu-west-1', pathStyle: false }],
  [
    's3://logs/ci?endpoint=https://minio.example.com:9000/&region=eu',
    {
      is: 's3',
      bucket: 'logs',
      prefix: 'ci',
      endpoint: 'https://minio.example.com:9000',
      region: 'eu',
      pathStyle: true,
    },
  ],
  [
    's3://logs?endpoint=http%3A%2F%2F127.0.0.1%3A9000&path-style=false',
    { is: 's3', bucket: 'logs', prefix: '', endpoint: 'http://127.0.0.1:9000', pathStyle: false },
  ],
])('%s', (written, place) => {
  expect(blobsUrl(written)).toEqual(place)
})

test.each([
  ['', 'it must be s3://'],
  ['logs', 'it must be s3://'],
  ['https://logs', 'it must be s3://'],
  ['s3://', 'the bucket must be named'],
  ['s3://a', 'the bucket must be named'],
  ['s3://logs/a b', 'what stands behind the bucket'],
  ['s3://logs/a//b', 'what stands behind the bucket'],
  ['s3://logs/.hidden', 'what stands behind the bucket'],
  ['s3://logs?zone=1', '"zone" is not known there: it may have endpoint, region, path-style'],
  ['s3://logs?endpoint=minio:9000', 'its endpoint must be https://host'],
  ['s3://logs?endpoint=https://host/path', 'its endpoint must be https://host'],
  ['s3://logs?path-style=maybe', 'its path-style must be true or false'],
  ['file://logs', 'with three slashes'],
  ['file:///', 'with three slashes'],
  ['file:///logs?x=1', 'with three slashes'],
])('%j is refused: %s', (written, problem) => {
  expect(() => blobsUrl(written)).toThrow(problem)
})

test.each([
  's3://AKIA:hidden@logs',
  's3://hidden@logs',
  's3://logs?accessKeyId=hidden',
  's3://logs?secret=hidden',
  's3://logs?session-token=hidden',
  's3://logs?endpoint=https://user:hidden@minio.example.com',
])('credentials in %s are refused without repeating them', written => {
  expect(() => blobsUrl(written)).toThrow('credentials do not belong there')
  expect(() => blobsUrl(written)).not.toThrow('hidden')
  if (!written.includes('endpoint')) expect(secretInBlobsUrl(written)).toBe('credentials')
})
