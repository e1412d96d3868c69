/** Numbers as texts, without Intl, whose first use takes a slow device as long as all else that the first picture needs. */

/** 12,345. */
export const formatNumber = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

/** 12,345 as 12.3K, for where there is little room. */
export function formatCompact(value: number): string {
  let [rest, unit] = [value, 0]
  while (tenths(rest) >= 1_000 && unit < units.length - 1) {
    rest /= 1_000
    unit += 1
  }
  return `${tenths(rest)}${units[unit]}`
}

const units = ['', 'K', 'M', 'B', 'T']

/** 7.3% or 24%. Of nothing there is no share. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (100 * part) / whole
  return `${percent < 10 ? tenths(percent) : Math.round(percent)}%`
}

const tenths = (value: number) => Math.round(value * 10) / 10
