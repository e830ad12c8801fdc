/** The one object that a layer of a bundle holds: a tar with one file, or the bytes themselves, compressed or not. */
import { gunzip } from 'node:zlib'
import { MAX_DATA_BYTES, ResolutionError } from './resolver.js'

const TAR_BLOCK = 512
/** Compressed or not, with the tar's blocks around it. */
export const MAX_LAYER_BYTES = MAX_DATA_BYTES + 64 * 1_024

/** @throws ResolutionError when it is larger than a manifest may be, however small it was packed. */
export async function layerObject(blob: Buffer): Promise<Buffer> {
  const bytes = isGzip(blob) ? await unpacked(blob) : blob
  const size = tarFileSize(bytes)
  if (size === undefined) return bytes
  if (size > MAX_DATA_BYTES) throw tooLarge()
  return bytes.subarray(TAR_BLOCK, TAR_BLOCK + size)
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Stops at the limit, so that a bomb costs no more than an honest layer. */
function unpacked(blob: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(blob, { maxOutputLength: MAX_LAYER_BYTES }, (error, bytes) => {
      if (error === null) resolve(bytes)
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge())
      else reject(new ResolutionError(`failed to read image layer: ${error.message}`))
    })
  })
}

function tooLarge(): ResolutionError {
  return new ResolutionError(`failed to read tar bundle: it holds more than ${MAX_DATA_BYTES} bytes`)
}

/** The size that the first header of a tar gives; undefined when there is no tar. */
function tarFileSize(bytes: Buffer): number | undefined {
  if (bytes.length < TAR_BLOCK || bytes[0] === 0) return undefined
  const written = octal(bytes.subarray(148, 156))
  let sum = 0
  for (let i = 0; i < TAR_BLOCK; i += 1) sum += i >= 148 && i < 156 ? 0x20 : (bytes[i] ?? 0)
  return written === sum ? octal(bytes.subarray(124, 136)) : undefined
}

function octal(field: Buffer): number | undefined {
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined
}
