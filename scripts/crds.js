/**
 * Writes a CustomResourceDefinition for each of our kinds into the chart, made of the same shapes and descriptions that
 * admission and `kubectl explain` are made of. Run it again when a kind changed; a test says when.
 *
 *   node scripts/crds.js [FOLDER]
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, ROOT } from './prepare.js'

build()
const built = file => import(pathToFileURL(join(ROOT, 'dist/src', file)).href)
const { crdFiles } = await built('crds/files.js')

const folder = process.argv[2] ?? join(ROOT, 'charts/tektite/files/crds')
mkdirSync(folder, { recursive: true })
const files = crdFiles()
for (const old of readdirSync(folder)) if (!files.has(old)) rmSync(join(folder, old))
for (const [name, text] of files) writeFileSync(join(folder, name), text)
console.log(`${files.size} definitions in ${folder}`)
