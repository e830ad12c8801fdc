/** The certificate in a folder: a Secret that is mounted, whose files are replaced when it is renewed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** @throws Error naming the folder and what is wrong in it */
export async function readCertificate(folder: string): Promise<CertificateFiles> {
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(join(folder, name), 'utf8')
    } catch (cause) {
      const { code = 'unreadable' } = cause as NodeJS.ErrnoException
      const way = 'it must hold tls.crt and tls.key in PEM, as a Secret of type kubernetes.io/tls does'
      throw new Error(`${join(folder, name)} cannot be read (${code}): ${way}`, { cause })
    }
  }
  const [cert, key] = await Promise.all([read('tls.crt'), read('tls.key')])
  try {
    createSecureContext({ cert, key })
  } catch {
    // Without OpenSSL's own words: they may quote what is in the file.
    throw new Error(
      `tls.crt and tls.key in ${folder} are no certificate and its key: both must be PEM, and belong together`,
    )
  }
  return { cert, key }
}
