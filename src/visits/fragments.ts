import { asTexts, type Database, statement } from '../database/open.js'
import { CacheCounts } from '../measures.js'

/** A user agent's keys in the JSON of its visits; other keys stand between the three parts. */
interface AgentFragment {
  client: string
  engine: string
  machine: string
}

/** Of one owner, by the ids of user agents and places. */
export interface OwnerFragments {
  agents: Map<string, AgentFragment>
  places: Map<string, string>
}

/** Some 20 MB, and more user agents and places than most owners ever see. */
const mostEntries = 40_000

/**
 * The parts of a visit's JSON that belong to its user agent and its place. Entries of these dictionaries are named by
 * their content, so what is remembered is true for ever.
 *
 * Plain maps that are given up all together when they hold too much: to keep track of what was used last would cost each
 * visit more than it takes to read all of them again now and then.
 */
export class Fragments {
  /** Of user agents and places of rows; having none is a hit. */
  readonly counts = new CacheCounts()
  readonly #db: Database
  readonly #owners = new Map<number, OwnerFragments>()
  #entries = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** The fragments of an owner, with at least these entries. What is not remembered is read: no more than 10,000 at once. */
  async of(ownerId: number, agentIds: Ids, placeIds: Ids): Promise<OwnerFragments> {
    const found = this.#ofOwner(ownerId)
    const [agents, places] = [this.#missing(found.agents, agentIds), this.#missing(found.places, placeIds)]
    if (agents.length > 0) {
      for (const [id, ...columns] of await this.#read(agentColumns, ownerId, agents)) {
        found.agents.set(id ?? '', agentFragment(columns))
      }
    }
    if (places.length > 0) {
      for (const [id, ...columns] of await this.#read(placeColumns, ownerId, places)) {
        found.places.set(id ?? '', members(placeKeys, columns))
      }
    }
    this.#entries += agents.length + places.length
    return found
  }

  #ofOwner(ownerId: number): OwnerFragments {
    if (this.#entries > mostEntries) {
      this.#owners.clear()
      this.#entries = 0
    }
    const known = this.#owners.get(ownerId)
    if (known !== undefined) return known
    const made = { agents: new Map(), places: new Map() }
    this.#owners.set(ownerId, made)
    this.#entries += 1
    return made
  }

  #missing(known: Map<string, unknown>, ids: Ids): string[] {
    const unknown = ids.filter((id): id is string => id !== null && !known.has(id))
    this.counts.misses += unknown.length
    this.counts.hits += ids.length - unknown.length
    return unknown.length === 0 ? [] : [...new Set(unknown)]
  }

  async #read(columns: ReturnType<typeof statement>, ownerId: number, ids: string[]): Promise<(string | null)[][]> {
    const { rows } = await this.#db.pool.query<(string | null)[]>(asTexts(columns([ownerId, ids])))
    return rows
  }
}

/** The fragments of a database, shared by all that render its visits. */
export function fragmentsOf(db: Database): Fragments {
  const known = shared.get(db)
  if (known !== undefined) return known
  const made = new Fragments(db)
  shared.set(db, made)
  return made
}

const shared = new WeakMap<Database, Fragments>()

type Ids = (string | null)[]

const clientKeys = ['user_agent', 'browser', 'browser_version']
const machineKeys = ['platform', 'platform_version', 'platform_name', 'device_type', 'device_brand', 'device_model']
const placeKeys = ['latitude', 'longitude', 'country', 'country_code', 'region', 'city', 'zipcode', 'timezone']

const agentColumns = statement(`
SELECT id, ${[...clientKeys, 'browser_engine', ...machineKeys].join(', ')}, CASE WHEN touch_enabled THEN '1' ELSE '0' END
FROM user_agents WHERE user_id = $1 AND id = ANY($2::int8[])`)

const placeColumns = statement(
  `SELECT id, ${placeKeys.join(', ')} FROM places WHERE user_id = $1 AND id = ANY($2::int8[])`,
)

function agentFragment(columns: (string | null)[]): AgentFragment {
  return {
    client: members(clientKeys, columns),
    engine: members(['browser_engine'], columns.slice(3)),
    machine: members([...machineKeys, 'touch_enabled'], columns.slice(4)),
  }
}

/** `,"key":"value"` of each key; what is not known is "". */
function members(keys: string[], values: (string | null)[]): string {
  return keys.map((key, index) => `,"${key}":${JSON.stringify(values[index] ?? '')}`).join('')
}

/** Of a visit whose place is not known. */
export const noPlace = members(placeKeys, [])
