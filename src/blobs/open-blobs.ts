import type { Blobs } from './blobs.js'
import type { BlobsPlace } from './blobs-url.js'

/** Loads what the place needs. Nothing is asked of it yet. */
export async function openBlobs(place: BlobsPlace, certificateAuthority?: string): Promise<Blobs & { close(): void }> {
  if (place.is === 'folder') {
    const { openFolderBlobs } = await import('./folder.js')
    return { ...openFolderBlobs(place), close() {} }
  }
  const { openS3Blobs } = await import('./s3.js')
  return openS3Blobs({ place, ...(certificateAuthority !== undefined && { certificateAuthority }) })
}
