/** What an address of PostgreSQL says, without what would change how we talk to it. */
export interface DatabaseAddress {
  /** With parameters only that are about the way there, as the driver knows them. */
  url: string
  /** Switches for the server, split and without those that we set ourselves, such as `-c work_mem=8MB`. */
  options: string[]
  /** Nobody is answered who asks for the password itself, or for none. */
  isScramRequired: boolean
  /** Whether the proof of the password is bound to the encrypted connection. */
  isChannelBound: boolean
  /** The address says that statements have to do without names. */
  isUnprepared: boolean
}

/** An address that cannot be used: what is wrong with it, to be read after the name of what it comes from. */
export class AddressError extends Error {}

/**
 * Settings of each session that statements rely on. What an address or a role says of them does not count: times would be read hours
 * off, or other tables than those that Prisma's statements name.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  standard_conforming_strings: 'on',
  extra_float_digits: '1',
  array_nulls: 'on',
  default_transaction_isolation: 'read committed',
  search_path: 'public',
}

/** Time limits are set where they are needed, and by our names are our connections found. */
const ignoredSettings = [
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'],
  ...['transaction_timeout', 'application_name', 'fallback_application_name', 'client_encoding'],
]

/** Which values are right, and why others are not. */
interface Rule {
  allows: RegExp
  because: string
}

const inPublic = 'Smart Link keeps its tables in the schema public'

/** What cannot be as somebody wants it, and must not be silently otherwise. */
const refusedSettings = new Map<string, Rule>([
  ['search_path', { allows: /^("?\$user"?,\s*)?"?public"?$/i, because: inPublic }],
  ['default_transaction_read_only', { allows: /^(off|false|no|0)$/i, because: 'Smart Link writes' }],
  ['session_replication_role', { allows: /^origin$/i, because: 'triggers guard the log' }],
])

/** About the way to the server: the driver's. */
const wayParameters = new Map<string, RegExp>([
  ['host', /./],
  ['port', /^\d+$/],
  ['user', /./],
  ['password', /^/],
  ['ssl', /^(true|1|false|0|no-verify)$/],
  ['sslmode', /^(disable|prefer|require|verify-ca|verify-full|no-verify)$/],
  ['sslcert', /./],
  ['sslkey', /./],
  ['sslrootcert', /./],
  ['sslnegotiation', /^(postgres|direct)$/],
  ['uselibpqcompat', /^(true|false)$/],
])

/** Parameters of Prisma and of libpq that have no meaning here. */
const idleParameters = [
  ...['connection_limit', 'pool_timeout', 'connect_timeout', 'socket_timeout', 'statement_cache_size'],
  ...['max_connection_lifetime', 'max_idle_connection_lifetime', 'single_use_connections', 'encoding'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['target_session_attrs', 'load_balance_hosts', 'sslsni', 'sslcompression'],
]

const otherParameters = new Map<string, Rule>([
  ['schema', { allows: /^public$/, because: inPublic }],
  ['pgbouncer', { allows: /^(true|false)$/, because: 'it is true or false' }],
  ['gssencmode', { allows: /^(disable|prefer)$/, because: 'connections are encrypted by TLS only' }],
  ['channel_binding', { allows: /^(disable|prefer|require)$/, because: 'it is disable, prefer or require' }],
  ['require_auth', { allows: /^scram-sha-256$/, because: 'only scram-sha-256 can be required' }],
])

/**
 * Takes an address apart. Parameters that are known to change nothing are left out, and those that would are refused by their names.
 *
 * @param text a URL
 * @throws AddressError
 */
export function readDatabaseUrl(text: string): DatabaseAddress {
  const address = new URL(text)
  const given = [...address.searchParams].map(([name, value]) => ({ name, value }))
  const last = (name: string) => given.findLast((one) => one.name === name)?.value
  for (const { name, value } of given) check(name, value)
  const way = given.filter(({ name }) => wayParameters.has(name))
  const search = new URLSearchParams()
  for (const { name, value } of way) search.append(name, name === 'ssl' && value === 'false' ? '0' : value)
  address.search = search.toString().replaceAll('+', '%20')
  return {
    url: address.href,
    options: ownOptions(last('options') ?? ''),
    isScramRequired: last('require_auth') !== undefined || last('channel_binding') === 'require',
    isChannelBound: /^(prefer|require)$/.test(last('channel_binding') ?? ''),
    isUnprepared: last('pgbouncer') === 'true',
  }
}

/** Switches in one line, as a server splits them. */
export function joinOptions(options: string[]): string {
  return options.map((option) => option.replace(/[\\\s]/g, '\\$&')).join(' ')
}

/** Command-line switches (`-c name=value`) that make these settings. */
export function switches(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function check(name: string, value: string): void {
  const setting = name.toLowerCase()
  if (name === 'options' || idleParameters.includes(name)) return
  const known = wayParameters.get(name)
  if (known?.test(value)) return
  if (known) throw new AddressError(`has a value of ${name} that is not known: ${value}`)
  const rule = otherParameters.get(name) ?? refusedSettings.get(setting)
  if (rule === undefined && !isOwnSetting(setting)) {
    throw new AddressError(`has the parameter ${name}, which is not known: leave it out`)
  }
  obey(rule, name, value)
}

function obey(rule: Rule | undefined, name: string, value: string): void {
  if (rule !== undefined && !rule.allows.test(value)) {
    throw new AddressError(`sets ${name} to ${value}: ${rule.because}`)
  }
}

function isOwnSetting(name: string): boolean {
  return Object.hasOwn(sessionSettings, name) || ignoredSettings.includes(name)
}

/** @throws AddressError for one that cannot be as it says */
function ownOptions(text: string): string[] {
  const left = splitOptions(text)
  const kept: string[] = []
  while (left.length > 0) {
    // The setting of `-c` may be a word of its own.
    const option = left.splice(0, left[0] === '-c' ? 2 : 1)
    const [, name = '', value = ''] = /^-(?:c|-)\s?([\w.-]+?)\s*=(.*)$/s.exec(option.join(' ')) ?? []
    const setting = name.toLowerCase().replaceAll('-', '_')
    obey(refusedSettings.get(setting), setting, value)
    if (!isOwnSetting(setting)) kept.push(...option)
  }
  return kept
}

/** Splits at spaces that no backslash precedes, like PostgreSQL's pg_split_opts. */
function splitOptions(text: string): string[] {
  return [...text.matchAll(/(?:\\[\s\S]|[^\s\\])+/g)].map(([option]) => option.replace(/\\([\s\S])/g, '$1'))
}
