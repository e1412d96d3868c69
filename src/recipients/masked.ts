/** A number as whoever may not see it gets it: without its last three digits. */
export function maskedMobile(mobile: string): string {
  return `${mobile.slice(0, -3)}***`
}
