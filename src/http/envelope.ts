import type { Pagination } from './paginate.js'

/** What went wrong, by field name. */
export type FieldErrors = Record<string, string[]>

/** A successful answer (contract.md section 1). The HTTP status is always 200. */
export function success(message: string, data: unknown) {
  return { status: 'OK', code: 200, message, data }
}

/** A page whose items are JSON already: the answer's text, `links` and `meta` after `data`. */
export function paginatedJson(message: string, items: string[], { links, meta }: Pagination): string {
  const head = `{"status":"OK","code":200,"message":${JSON.stringify(message)},"data":[`
  return `${head}${items.join(',')}],"links":${JSON.stringify(links)},"meta":${JSON.stringify(meta)}}`
}

/** An answer other than success; `errors` only where fields are named (422). */
export function failure(code: number, message: string, errors?: FieldErrors) {
  return { status: 'ERROR', code, message, data: [], ...(errors && { errors }) }
}
