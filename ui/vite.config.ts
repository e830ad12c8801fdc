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
