import type { Config } from '../config.js'
import { type Database, statement } from '../database/open.js'
import { requestOrigin } from '../http/address.js'
import { entityTag, isUnchanged, notModified, tagged } from '../http/conditional.js'
import { success } from '../http/envelope.js'
import { notFound } from '../http/errors.js'
import type { Api } from '../http/validate.js'
import { type LinkRow, linkColumns, linkResource } from './resource.js'
import { linkParams } from './schema.js'

export interface LinkRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'shortUrl' | 'outputZone'>
}

/** Links of the caller. */
export function linkRoutes(api: Api, { db, config }: LinkRoutesDeps): void {
  api.get(
    '/link/urls/:id',
    { schema: { params: linkParams }, config: { scope: 'links:read' } },
    async (request, reply) => {
      const row = await linkRow(db, request.caller.ownerId, request.params.id, config.outputZone)
      const base = config.shortUrl ?? config.publicUrl ?? requestOrigin(request)
      const body = success('OK', linkResource(row, base))
      const tag = entityTag(body)
      return isUnchanged(request, tag) ? notModified(reply, tag) : tagged(reply, tag).send(body)
    },
  )
}

/** @throws HttpError 404 for a missing link and for one of somebody else */
async function linkRow(db: Database, ownerId: number, id: number, zone: string): Promise<LinkRow> {
  const { rows } = await db.pool.query<LinkRow>(oneLink([ownerId, id, zone]))
  const row = rows[0]
  if (row === undefined) throw notFound()
  return row
}

const oneLink = statement(
  `SELECT ${linkColumns('$3')} FROM links l WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL`,
)
