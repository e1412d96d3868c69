import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { settings } from '../src/config.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const atTop = readdirSync(root).filter((name) => name.endsWith('.md'))
const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
const documents = [...atTop, ...inDocs]
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  const headings = [
    ...textOf(file)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, text = '']) => text)
  return headings.map((text) =>
    text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

describe('documents', () => {
  it.each(documents)('%s links to files and headings that exist', (file) => {
    const links = [...withoutCode(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? file : relative(root, join(root, dirname(file), path))
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })

  it('docs/README.md names every other document', () => {
    const index = textOf('docs/README.md')
    const missing = inDocs.filter((file) => file !== 'docs/README.md' && !index.includes(`(${relative('docs', file)})`))
    expect(missing).toEqual([])
  })

  it('README.md can be read in one go', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(121)
  })

  it('docs/configuration.md names every setting, and no other', () => {
    const named = [...textOf('docs/configuration.md').matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
    )
    expect(named.sort()).toEqual(
      settings()
        .map(({ name }) => name)
        .sort(),
    )
  })
})
