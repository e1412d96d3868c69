import { useEffect, useState } from 'preact/hooks'
import type { Link } from '../../client/index.js'
import type { Problem } from '../api/problem.js'
import { loadPart } from '../load-part.js'
import { texts } from '../texts.js'
import { CopyButton } from './copy-button.js'
import { Dialog } from './dialog.js'
import { ProblemNote } from './problem-note.js'
import { saveFile } from './save-file.js'

/** The short URL for printed paper. */
export function QrDialog({ link, onClose }: { link: Pick<Link, 'short_url' | 'token'>; onClose: () => void }) {
  const [code, setCode] = useState<{ path: string; size: number }>()
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => {
    void loadPart(import('./qr-code.js')).then((loaded) => {
      if ('problem' in loaded) setProblem(loaded.problem)
      else setCode(loaded.part.qrPath(link.short_url))
    })
  }, [link.short_url])
  return (
    <Dialog title={texts.qr.title} onClose={onClose}>
      <ProblemNote problem={problem} />
      <figure class="qr">
        {code !== undefined && (
          <svg viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={texts.qr.label(link.short_url)}>
            <rect width={code.size} height={code.size} fill="#fff" />
            <path d={code.path} fill="#000" />
          </svg>
        )}
        <figcaption>{link.short_url}</figcaption>
      </figure>
      <footer class="dialog-foot">
        <CopyButton text={link.short_url} label={texts.links.copy} isWide />
        <button
          type="button"
          class="button primary"
          disabled={code === undefined}
          onClick={() => code && saveFile(`qr-${link.token ?? 'link'}.svg`, [svgFile(code)], 'image/svg+xml')}
        >
          {texts.qr.download}
        </button>
      </footer>
    </Dialog>
  )
}

function svgFile({ path, size }: { path: string; size: number }): string {
  const box = `width="${size * 10}" height="${size * 10}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"`
  const body = `<rect width="${size}" height="${size}" fill="#fff"/><path d="${path}"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${body}</svg>\n`
}
