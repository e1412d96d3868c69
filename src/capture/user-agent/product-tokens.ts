/** A `Name/version` pair of a user agent, outside its bracketed comments. */
export type ProductToken = { readonly name: string; readonly version: string }

/**
 * Products in the order they are named: https://www.rfc-editor.org/rfc/rfc9110#name-user-agent
 *
 * A name may not have blanks, which applications write as `%20`: it comes decoded.
 */
export function readProducts(userAgent: string): ProductToken[] {
  return [...userAgent.replace(/\([^)]*\)/g, ' ').matchAll(PRODUCT)].map(([, name = '', version = '']) => ({
    name: decodedName(name),
    version: version.replace(/\.$/, ''),
  }))
}

const PRODUCT = /(?<![\w.%,-])((?:[A-Za-z\d]|%[\dA-Fa-f]{2})(?:[\w.-]|%[\dA-Fa-f]{2})*)\/(\d[\d.]*)/g

/** Empty for what decodes to no text that a name can have. */
function decodedName(name: string): string {
  if (!name.includes('%')) return name
  try {
    const decoded = decodeURIComponent(name)
    return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(decoded) && !decoded.includes('%') ? decoded : ''
  } catch {
    return ''
  }
}
