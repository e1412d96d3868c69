import { callingCodeOf } from './cell-shapes.js'

/** A number of a country as it is dialled from abroad. One that has a country code already stays as it is. */
export function withCallingCode(cell: string, mobile: string): string {
  const code = callingCodeOf(cell)
  const bare = mobile.replace(/^[^\d+]+/, '')
  if (code === null || mobile === '' || /^(\+|00)/.test(bare)) return mobile
  const digits = bare.replace(/\D/g, '')
  return digits.startsWith(code) && digits.length >= code.length + 10 ? mobile : `+${code} ${mobile}`
}
