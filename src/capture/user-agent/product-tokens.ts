/** A `Name/version` pair of a user agent, outside its bracketed comments. */
export type ProductToken = { readonly name: string; readonly version: string }

/** Products in the order they are named: https://www.rfc-editor.org/rfc/rfc9110#name-user-agent */
export function readProducts(userAgent: string): ProductToken[] {
  return [...userAgent.replace(/\([^)]*\)/g, ' ').matchAll(/(?<![\w.-])([A-Za-z\d][\w.-]*)\/(\d[\d.]*)/g)].map(
    ([, name = '', version = '']) => ({ name, version: version.replace(/\.$/, '') }),
  )
}
