/**
 * Where a click is sent: the stored target with the visit's values in it. Nothing that a visitor sends can lead anywhere else:
 * values are encoded, in a host they become one label in front of the owner's domain, and what the target says itself wins
 * over what the short URL passes on.
 */
import { fillPlaceholders, type PlaceholderValues, replacePlaceholders } from './placeholders.js'

/** Scheme and the rest. Of an app link, such as `market:`, nothing more needs to be known: no value leaves its place. */
const address = /^([a-z][a-z0-9+.-]*):(.+)$/is

/** Scheme, host and the rest, as browsers take them apart: any number of slashes, in either direction. */
const parts = /^(https?):[/\\]*([^/\\?#]*)(.*)$/is

/**
 * The Location of a redirect, in printable ASCII.
 *
 * @param query of the short URL, to be passed on; null when the link does not do that. A parameter that the target has already
 *   is not passed on: whoever spreads a short URL must not decide what the owner has decided
 * @param schemes that may be led to (TARGET_SCHEMES). A target of another one was stored when more was allowed, or brought by
 *   an import
 * @returns null when the stored target is none of them
 */
export function targetUrl(
  longUrl: string,
  values: PlaceholderValues,
  query: string | null,
  schemes: readonly string[] = ['http', 'https'],
): string | null {
  // What URL parsers leave out would otherwise hide where the host ends.
  const target = longUrl.replace(/[\t\r\n]/g, '').trim()
  const [, scheme, rest = ''] = address.exec(target) ?? []
  if (scheme === undefined || !schemes.includes(scheme.toLowerCase())) return null
  const ending = (text: string) => {
    const filled = fillPlaceholders(text, values)
    return printable(query === null ? filled : passOn(filled, query))
  }
  if (!/^https?$/i.test(scheme)) return `${scheme.toLowerCase()}:${ending(rest)}`
  const [, , host = '', path = ''] = parts.exec(target) ?? []
  if (host === '') return null
  const slashed = path.replace(/^[^?#]*/, (text) => text.replaceAll('\\', '/'))
  return originOf(scheme.toLowerCase(), fillHost(host, values)) + ending(slashed)
}

/** Two labels at the end that no placeholder is part of, and maybe a port. */
const ownDomain = /\.[^.{}@:]+\.[^.{}@:]+(?::\d+)?$/

/** `{browser_lang}.example.com` works; `{host}` and `example.{browser}` stay as they are, and lead nowhere. */
function fillHost(host: string, values: PlaceholderValues): string {
  const end = ownDomain.exec(host)?.index
  if (end === undefined) return host
  return (replacePlaceholders(host.slice(0, end), values, label) + host.slice(end)).replace(/^\.+|\.(?=\.)/g, '')
}

function label(value: string): string {
  return value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '')
}

/** Names in other scripts take their ASCII form. */
function originOf(scheme: string, host: string): string {
  const origin = `${scheme}://${host}`
  if (printable(origin) === origin || !URL.canParse(origin)) return printable(origin)
  return new URL(origin).href.replace(/\/$/, '')
}

function printable(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

/** Adds the parameters of a query behind those of an address, in front of its fragment. */
function passOn(address: string, query: string): string {
  const hash = address.indexOf('#')
  const base = hash < 0 ? address : address.slice(0, hash)
  const mark = base.indexOf('?')
  const own = new Set(mark < 0 ? [] : parameters(base.slice(mark + 1)).map(nameOf))
  const added = parameters(query).filter((parameter) => !own.has(nameOf(parameter)))
  if (added.length === 0) return address
  const joint = mark < 0 ? '?' : /[?&]$/.test(base) ? '' : '&'
  return base + joint + added.map(escapeParameter).join('&') + address.slice(base.length)
}

function parameters(query: string): string[] {
  return query.split('&').filter((parameter) => parameter !== '')
}

/** Spellings that a target may take for the same name are one: `a[]`, `a%5B0%5D`, and for PHP `a.b` and `a_b`. */
function nameOf(parameter: string): string {
  const [written = ''] = parameter.replaceAll('+', ' ').split('=')
  const name = written.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    // Byte by byte: names that are not UTF-8 would otherwise look alike.
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('latin1'),
  )
  return name.trim().toLowerCase().replace(/\[.*/s, '').replace(/[ .]/g, '_')
}

/** Bytes as Node hands them over, one a character. */
function escapeParameter(parameter: string): string {
  return parameter.replace(/[^\w\-.~%!$'()*+,=:@/?]/g, (char) => {
    const code = char.charCodeAt(0)
    return code > 255 ? encodeURIComponent(char.toWellFormed()) : `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  })
}
