import { LRUCache } from 'lru-cache'
import { asTexts, type Database, statement } from '../database/open.js'

/** A user agent's keys in the JSON of its visits; other keys stand between the three parts. */
interface AgentFragment {
  client: string
  engine: string
  machine: string
}

/**
 * The parts of a visit's JSON that belong to its user agent and its place. Entries of these dictionaries are named by
 * their content, so what is remembered is true for ever.
 */
export class Fragments {
  readonly #db: Database
  readonly #agents = new LRUCache<string, AgentFragment>({ max: 20_000 })
  readonly #places = new LRUCache<string, string>({ max: 20_000 })

  constructor(db: Database) {
    this.#db = db
  }

  /** Reads what is not remembered of these entries. To be called before `agent` and `place`, for no more than 10,000. */
  async prepare(owner: string, agentIds: Ids, placeIds: Ids): Promise<void> {
    const [agents, places] = [missing(this.#agents, owner, agentIds), missing(this.#places, owner, placeIds)]
    if (agents.length > 0) {
      for (const [id, ...columns] of await this.#read(agentColumns, owner, agents)) {
        this.#agents.set(`${owner}/${id}`, agentFragment(columns))
      }
    }
    if (places.length > 0) {
      for (const [id, ...columns] of await this.#read(placeColumns, owner, places)) {
        this.#places.set(`${owner}/${id}`, members(placeKeys, columns))
      }
    }
  }

  agent(owner: Id, id: Id): AgentFragment {
    const found = this.#agents.get(`${owner}/${id}`)
    if (found === undefined) throw new Error(`user agent ${id} is not prepared`)
    return found
  }

  place(owner: Id, id: Id): string {
    if (id == null) return noPlace
    const found = this.#places.get(`${owner}/${id}`)
    if (found === undefined) throw new Error(`place ${id} is not prepared`)
    return found
  }

  async #read(columns: ReturnType<typeof statement>, owner: string, ids: string[]): Promise<(string | null)[][]> {
    const { rows } = await this.#db.pool.query<(string | null)[]>(asTexts(columns([owner, ids])))
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

type Id = string | null | undefined
type Ids = Id[]

function missing(known: { get(key: string): unknown }, owner: string, ids: Ids): string[] {
  // get, not has: what is about to be used must not be the next to be forgotten.
  const unknown = ids.filter((id): id is string => id != null && known.get(`${owner}/${id}`) === undefined)
  return [...new Set(unknown)]
}

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

const noPlace = members(placeKeys, [])
