/** An instant as the contract shows it: `Y-m-d H:i:s` in the output zone, without naming it (contract.md section 2). */
export function formatTime(time: Date, zone: string): string {
  return formatter(zone).format(time).replace(', ', ' ')
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  // sv-SE writes ISO dates with a space; hourCycle keeps midnight at 00.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  })
  formatters.set(zone, made)
  return made
}
