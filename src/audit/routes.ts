import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { cursorList } from '../http/cursor-list.js'
import type { Api } from '../http/validate.js'
import { readsAnswer } from './answers.js'
import { sliceOfReads } from './list-reads.js'
import type { Reads } from './reads.js'
import { readsQuery } from './schema.js'

export interface AuditRoutesDeps {
  db: Database
  reads: Pick<Reads, 'flush'>
  config: Pick<Config, 'publicUrl' | 'outputZone'>
}

/** Who has read personal data of the account. */
export function auditRoutes(api: Api, { db, reads, config }: AuditRoutesDeps): void {
  const schema = {
    operationId: 'listReads',
    summary: 'List who has read personal data',
    description:
      'Newest minute first: which token was given visits or recipients with whole mobile numbers (scope `visits:pii`), and which of them; and which token without that scope named numbers. Kept for `AUDIT_DAYS`. Other servers tell within some seconds.',
    tags: ['Audit'],
    querystring: readsQuery(config.outputZone),
    response: { 200: readsAnswer },
  }

  api.get('/audit/reads', { schema, config: { scope: 'audit:read' } }, async (request) => {
    const { query, caller } = request
    await reads.flush()
    const slice = await sliceOfReads(db, caller.ownerId, {
      tokenId: query.filter?.token_id ?? null,
      linkId: query.filter?.link_id ?? null,
      from: query.from ?? null,
      to: query.to ?? null,
      after: query.cursor ?? null,
      most: query.limit,
    })
    return cursorList(request, config.publicUrl, slice, query.limit)
  })
}
