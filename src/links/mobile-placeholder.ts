/** `{mobile}` in an address that a link leads to, or a webhook posts to: whoever is there, or opens the short URL, gets the number. */

/** `{{mobile}}` has it too. */
const placeholder = '{mobile}'

/** Whether a target has the recipient's number filled in. */
export function holdsMobile(target: string | null): boolean {
  // As targets are read: breaks of lines are left out (capture/target-url.ts).
  return target?.replace(/[\t\r\n]/g, '').includes(placeholder) ?? false
}

/** Condition on `links l`: whether a recipient's token, opened, leads to an address with their number. */
export const leadsToMobile = `strpos(
  translate(concat_ws(' ', l.long_url, l.fallback_url, l.rules::text), E'\\t\\r\\n', ''), '${placeholder}') > 0`
