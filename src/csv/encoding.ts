/** Character encodings of text files, told apart by their bytes. */
import { FileError } from './read.js'

export const encodings = ['UTF-8', 'UTF-16LE', 'UTF-16BE', 'Windows-1252'] as const
export type Encoding = (typeof encodings)[number]

/** Enough to tell encodings apart by. */
export const encodingSampleBytes = 1024

/**
 * The encoding by the byte order mark, or else by where the zero bytes are: the text around separators, digits and line ends
 * has one in each UTF-16 unit, and text in other encodings has none. UTF-8 also stands for Windows-1252 here: only a line
 * that is not valid UTF-8 tells (lines.ts).
 *
 * @param start the first bytes of the file, `encodingSampleBytes` of them where there are as many
 * @throws FileError for a workbook, an archive and other files that are not text
 */
export function encodingOf(start: Uint8Array): Encoding {
  const [a, b, c, d] = start
  if (a === 0xff && b === 0xfe) return 'UTF-16LE'
  if (a === 0xfe && b === 0xff) return 'UTF-16BE'
  if ((a === 0x50 && b === 0x4b && c === 3 && d === 4) || (a === 0xd0 && b === 0xcf && c === 0x11 && d === 0xe0))
    throw new FileError('This is an Excel workbook or an archive, not a CSV file: save it as CSV first.')
  if (a === 0x1f && b === 0x8b) throw new FileError('This file is compressed: unpack it first.')
  const zeros = [0, 0]
  for (const [at, byte] of start.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (odd > start.length / 8 && odd > even * 4) return 'UTF-16LE'
  if (even > start.length / 8 && even > odd * 4) return 'UTF-16BE'
  return 'UTF-8'
}

/** Code points of Windows-1252 where it differs from ISO 8859-1, for the bytes 0x80 to 0x9f. */
const windowsSigns = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Some releases of Node decode these bytes as ISO 8859-1, whatever the standard says. */
export function decodeWindows(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252')
    .decode(bytes)
    .replace(/[\x80-\x9f]/g, (sign) => windowsSigns[sign.charCodeAt(0) - 0x80] ?? sign)
}
