import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'

/**
 * Puts what Prisma's client needs at run time beside it in `dist`: its package holds that of six kinds of databases, ten times as much.
 */
export default defineConfig({
  publicDir: false,
  plugins: [
    {
      name: 'license-of-prisma',
      generateBundle() {
        const source = readFileSync('node_modules/@prisma/client/LICENSE', 'utf8')
        this.emitFile({ type: 'asset', fileName: 'LICENSE', source })
      },
    },
  ],
  ssr: { noExternal: [/^@prisma\/client/] },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist/database/prisma',
    emptyOutDir: true,
    rollupOptions: {
      input: { client: 'src/database/prisma/client.ts' },
      output: { chunkFileNames: '[name].js' },
    },
  },
})
