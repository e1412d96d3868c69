/**
 * A visit's second UUID where none was given: its id with 8 for the version (RFC 9562 section 5.8, free to define), so
 * that it need not be stored. Ids made at capture have version 7, so the two always differ.
 *
 * @param id lower case, with hyphens
 */
export function visitIdOf(id: string): string {
  return `${id.slice(0, 14)}8${id.slice(15)}`
}
