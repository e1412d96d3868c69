/** Who is at work in a slot. */
export interface SlotUser {
  ownerId: string
  /** Name and port that it is posted to; null: nothing is posted. */
  host: string | null
}

/** What may be begun. */
export interface Room {
  left: number
  /** Of an owner that has nothing at work. */
  ofNewOwner: number
  /** Of each owner that has. */
  ofOwners: Map<string, number>
  /** Hosts that have as many slots as one gets. */
  fullHosts: string[]
  /** The same of an owner's hosts: owner and host. */
  fullOwnerHosts: string[]
}

/** How many lanes are at work: altogether, and for each owner and host. */
export interface Slots {
  room(): Room
  /** Whether one more fits in. */
  areFree(user: SlotUser): boolean
  take(user: SlotUser): void
  free(user: SlotUser): void
}

/**
 * An owner takes no more slots than it leaves free: however many owners have receivers that do not answer, there is a slot for the
 * next one. A host gets half of all, and of one owner a quarter, so that nor does a host that many owners post to.
 */
export function slotsOf(most: number): Slots {
  const owners = counts()
  const hosts = counts()
  const ownerHosts = counts()
  const mostOfHost = Math.ceil(most / 2)
  const mostOfOwnerHost = Math.ceil(most / 4)
  let left = most
  const change = ({ ownerId, host }: SlotUser, by: 1 | -1) => {
    left -= by
    owners.add(ownerId, by)
    if (host === null) return
    hosts.add(host, by)
    ownerHosts.add(ownerHost(ownerId, host), by)
  }
  const leftOf = (held: number) => Math.max(held === 0 ? Math.min(left, 1) : 0, Math.ceil((left - held) / 2))
  return {
    room: () => ({
      left,
      ofNewOwner: leftOf(0),
      ofOwners: new Map(owners.all().map(([owner, held]) => [owner, leftOf(held)])),
      fullHosts: hosts.atLeast(mostOfHost),
      fullOwnerHosts: ownerHosts.atLeast(mostOfOwnerHost),
    }),
    areFree: ({ ownerId, host }) =>
      leftOf(owners.of(ownerId)) > 0 &&
      (host === null || (hosts.of(host) < mostOfHost && ownerHosts.of(ownerHost(ownerId, host)) < mostOfOwnerHost)),
    take: (user) => change(user, 1),
    free: (user) => change(user, -1),
  }
}

/** As it is compared with in a statement (lanes.ts). */
const ownerHost = (ownerId: string, host: string) => `${ownerId} ${host}`

function counts() {
  const numbers = new Map<string, number>()
  return {
    of: (key: string) => numbers.get(key) ?? 0,
    all: () => [...numbers],
    atLeast: (limit: number) => [...numbers].flatMap(([key, number]) => (number >= limit ? key : [])),
    add(key: string, by: number) {
      const number = (numbers.get(key) ?? 0) + by
      if (number === 0) numbers.delete(key)
      else numbers.set(key, number)
    },
  }
}
