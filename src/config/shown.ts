/** Whole texts that nobody may see who may see the others. */
const secrets = ['JWT_SECRET', 'METRICS_TOKEN', 'SMART_LINK_TOKEN']

/**
 * The value of a setting as it may be shown: secrets and passwords in addresses are `***`.
 *
 * @param name of the variable
 */
export function shownValue(name: string, value: string): string {
  if (value === '') return ''
  if (secrets.includes(name)) return '***'
  return value.split(',').map(withoutPassword).join(',')
}

/** Of an address, also where it stands among parameters. What follows `//` up to the last `@` is a login whatever else is wrong with it. */
function withoutPassword(text: string): string {
  return text
    .replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i, (_, scheme: string, login: string) => {
      const user = login.split(':')[0]
      return login.includes(':') ? `${scheme}${user}:***@` : `${scheme}***@`
    })
    .replace(/([?&](?:password|sslpassword|token)=)[^&]*/gi, '$1***')
}
