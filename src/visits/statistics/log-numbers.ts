import { ofFacets } from './chunk.js'
import { Facet } from './facet.js'
import { Numbering } from './numbering.js'

/** Gives numbers to what the visits of a log have: the same thing has the same number for as long as this is in memory. */
export class LogNumbers {
  readonly facets = ofFacets(() => new Facet())
  /** By 64 bits that stand for an address with a user agent. */
  readonly visitors = new Numbering()
  /** By the recipient's own number and that of its link among the facet's entries. */
  readonly recipients = new Numbering()
}
