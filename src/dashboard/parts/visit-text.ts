import type { Visit } from '../../client/index.js'
import { countryName } from '../format.js'
import { texts } from '../texts.js'

/** Where a visit came from, as exactly as is known. */
export function placeText({ city, country, country_code }: Pick<Visit, 'city' | 'country' | 'country_code'>): string {
  const name = country_code === '' ? country : countryName(country_code)
  if (name === '') return texts.visits.nowhere
  return city === '' || city === name ? name : `${city}, ${name}`
}

/** What it was made with. */
export function agentText({ browser, platform }: Pick<Visit, 'browser' | 'platform'>): string {
  if (browser === '') return platform === '' ? texts.visits.noAgent : platform
  return platform === '' ? browser : texts.visits.agent(browser, platform)
}
