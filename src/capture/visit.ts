import type { TokenTarget } from '../links/target.js'
import type { NewVisit } from '../visits/visit.js'
import { anonymizeAddress } from './addresses.js'
import type { Locator } from './location.js'
import type { Networks } from './networks.js'
import { botReason, cloudBrowsers, type NetworkPolicy, verdict } from './policy.js'
import { newVisitId } from './visit-id.js'
import { type Click, readVisitor, type Visitor } from './visitor.js'

export interface CaptureOptions {
  locator: Locator
  networks: Pick<Networks, 'isScanner'>
  networkPolicy: NetworkPolicy
  /** Keep addresses without their host part, once the place is known. */
  anonymize: boolean
}

/** A click becomes a visit: who came, from where, and whether it is a person. */
export async function visitOf(click: Click, target: TokenTarget, options: CaptureOptions): Promise<NewVisit> {
  const createdAt = new Date()
  const { isProgram, ...visitor } = readVisitor(click)
  const { clientIp } = visitor
  const { method, headers } = click
  const sentAt = target.recipient?.sentAt ?? null
  if (clientIp !== null) await options.locator.ready(clientIp)
  const isFromScanners = comesFromScanners(visitor, options)
  const reason = botReason(
    { method, headers, isProgram, openedAt: createdAt, sentAt, isFromScanners },
    options.networkPolicy,
  )
  return {
    ...visitor,
    ...verdict(reason, isFromScanners),
    id: newVisitId(),
    visitId: null,
    linkId: target.linkId,
    createdAt,
    recipientId: target.recipient?.id ?? null,
    clientIp: keptAddress(clientIp, target, options),
    queryString: target.isErased ? null : visitor.queryString,
    place: clientIp === null ? null : options.locator.locate(clientIp),
    resolution: null,
  }
}

function comesFromScanners(
  { clientIp, userAgent }: Pick<Visitor, 'clientIp' | 'userAgent'>,
  { networks, networkPolicy }: CaptureOptions,
): boolean {
  if (networkPolicy === 'off' || clientIp === null || cloudBrowsers.has(userAgent.browser ?? '')) return false
  return networks.isScanner(clientIp)
}

function keptAddress(address: string | null, { isErased }: TokenTarget, { anonymize }: CaptureOptions): string | null {
  if (address === null || isErased) return null
  return anonymize ? anonymizeAddress(address) : address
}
