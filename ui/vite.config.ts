import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Beside each text file the same in brotli, for whoever takes it: compressed once, and as small as it gets. */
function brotli(): Plugin {
  return {
    name: 'brotli',
    apply: 'build',
<<<<<<< HEAD
    // Of the files as they were written: up to then Vite itself still changes them.
    async writeBundle({ dir = '' }, bundle) {
      for (const fileName of Object.keys(bundle)) {
        if (!/\.(js|css|html)$/.test(fileName)) continue
        const source = await readFile(join(dir, fileName))
        const compressed = await promisify(brotliCompress)(source, {
          params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
        })
        await writeFile(join(dir, `${fileName}.br`), compressed)
      }
=======
    // Last of all: Vite itself still writes into its files at this stage.
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (!/\.(js|css|html)$/.test(file.fileName)) continue
          const source = Buffer.from(file.type === 'chunk' ? file.code : file.source)
          const compressed = await promisify(brotliCompress)(source, {
            params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
          })
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: compressed })
        }
      },
>>>>>>> a427df0 (The queue in the dashboard, and over HTTP: how much there is to do, who does it, and what runs wait for; compressed pages are what Vite writes last)
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/dashboard/',
  plugins: [react(), brotli()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    // Nothing inline: the policy that the page is served with allows no data: script, and this keeps it whole.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Browsers that know light-dark(): without them every colour would be written twice.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
})
