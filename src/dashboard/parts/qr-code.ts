import { encode } from 'uqr'

/** A text as the path of a QR code with modules of 1 x 1, and the quiet zone of 4 that readers need (ISO/IEC 18004). */
export function qrPath(text: string): { path: string; size: number } {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const path = data.flatMap((row, y) => row.flatMap((isBlack, x) => (isBlack ? `M${x} ${y}h1v1h-1z` : []))).join('')
  return { path, size }
}
