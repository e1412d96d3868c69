import type { Plugin } from 'vite'

/** Has the browser fetch the code of the pages with the first script, which asks for it only when it runs. */
export function preloadedApp(): Plugin {
  return {
    name: 'preloaded-app',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const app = Object.values(bundle).find(({ name }) => name === 'app')
        if (app?.type !== 'chunk') throw new Error('There is no chunk with the pages.')
        return [app.fileName, ...app.imports]
          .filter((file) => !html.includes(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
            injectTo: 'head',
          }))
      },
    },
  }
}
