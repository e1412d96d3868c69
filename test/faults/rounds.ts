/** FAULT_ROUNDS: how often the server is killed; the other faults come in proportion. CI takes fewer. */
const rounds = Number(process.env.FAULT_ROUNDS ?? 20)

const numbered = (count: number) => Array.from({ length: Math.max(1, Math.round(count)) }, (_, n) => n + 1)

export const serverKills = numbered(rounds)
export const databaseKills = numbered(rounds / 2)
export const databaseAbsences = numbered(rounds / 4)
export const migrationKills = numbered(rounds * 2.5)
export const nodeKills = numbered(rounds)
export const workerKills = numbered(rounds / 2)

/** FAULT_AWAY_SECONDS: how long the database is away. */
export const awayMs = Number(process.env.FAULT_AWAY_SECONDS ?? 30) * 1000
export const processKills = numbered(rounds / 2)
export const replicaPauses = numbered(rounds / 2)
export const replicaKills = numbered(rounds / 5)
