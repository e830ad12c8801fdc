import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** A fresh directory that is gone when the test is over. */
export function temporaryDirectory(purpose: string): string {
  const directory = mkdtempSync(join(tmpdir(), `tektite-${purpose}-`))
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true })
    expect(existsSync(directory)).toBe(false)
  })
  return directory
}
