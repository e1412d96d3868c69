import { defineConfig } from 'vite'
import { precompressed } from './build/precompressed.js'
import { preloadedApp } from './build/preloaded-app.js'
import { uplotWithoutIntl } from './build/uplot-without-intl.js'
import { worldShapes } from './build/world-shapes.js'

/** The dashboard as files for dist/dashboard: a page and its assets, whose names change with their content. */
export default defineConfig({
  root: import.meta.dirname,
  // Assets refer to each other by where they are, so that any path in front of /dashboard will do.
  base: './',
  plugins: [uplotWithoutIntl(), worldShapes(), preloadedApp(), precompressed()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The page's policy allows no data: scripts or styles, and every browser of the target preloads.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `npm run dev:dashboard`: the page from here, the API from a server at its default place.
  server: { proxy: { '^/(link|auth|developer)/': 'http://127.0.0.1:3000' } },
})
