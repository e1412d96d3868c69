import { appendVisits } from '../../src/visits/append.js'
import type { Place, UserAgent } from '../../src/visits/visit.js'
import type { TestApp } from '../support/app.js'
import { addressOf } from '../support/event-stream.js'
import { chromeOnMac, localhost, newVisit, storeLink } from '../support/visits.js'

const dayMs = 86_400_000

/** How long ago, who, where and on which link. Each range of the picker has some more, far from its ends. */
export const ages = { today: 0.01, week: 3, month: 20, quarter: 60, year: 200 } as const

const place = (countryCode: string, country: string, region: string, city: string): Place => {
  return { ...localhost, country, countryCode, region, city }
}
const berlin = place('DE', 'Germany', 'Berlin', 'Berlin')
const mumbai = place('IN', 'India', 'Maharashtra', 'Mumbai')
const pune = place('IN', 'India', 'Maharashtra', 'Pune')

const safari: UserAgent = {
  ...chromeOnMac,
  userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1',
  ...{ browser: 'Mobile Safari', platform: 'iOS', platformName: 'IOS', deviceType: 'smartphone', touchEnabled: true },
}
const crawler: UserAgent = {
  ...chromeOnMac,
  ...{ userAgent: 'crawler/1.0', browser: null, platform: null, deviceType: null, deviceBrand: null },
}

interface Some {
  count: number
  daysAgo: number
  place: Place
  userAgent: UserAgent
  browserLang: string
  isBot?: boolean
}

const ofPeople: Some[] = [
  { count: 3, daysAgo: ages.today, place: berlin, userAgent: chromeOnMac, browserLang: 'de' },
  { count: 4, daysAgo: ages.week, place: mumbai, userAgent: safari, browserLang: 'hi' },
  { count: 5, daysAgo: ages.month, place: pune, userAgent: chromeOnMac, browserLang: 'en' },
  { count: 6, daysAgo: ages.quarter, place: mumbai, userAgent: safari, browserLang: 'hi' },
  { count: 7, daysAgo: ages.year, place: berlin, userAgent: safari, browserLang: 'de' },
]
const ofBots: Some[] = [
  { count: 1, daysAgo: ages.today, place: berlin, userAgent: crawler, browserLang: 'en', isBot: true },
  { count: 2, daysAgo: ages.month, place: berlin, userAgent: crawler, browserLang: 'en', isBot: true },
]

/** Link 21 `Letter` with 28 known visits, and link 22 `Poster` with three of them again. */
export async function storeKnownVisits({ db }: TestApp): Promise<void> {
  await storeLink(db, 26, 21, { title: 'Letter' })
  await storeLink(db, 26, 22, { title: 'Poster' })
  const now = Date.now()
  const visits = (linkId: number, some: Some[]) =>
    some.flatMap(({ count, daysAgo, ...given }) =>
      Array.from({ length: count }, (_, at) => {
        const createdAt = new Date(now - daysAgo * dayMs + at * 1000)
        return newVisit(linkId, { clientIp: `192.0.2.${at + 1}`, host: 'go.example.com', ...given, createdAt })
      }),
    )
  const first = visits(21, [...ofPeople, ...ofBots]).sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  await appendVisits(db, 26, [...first, ...visits(22, ofPeople.slice(0, 1))])
}

const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'

/** Opens a short link as a person would, but for a program that is named. */
export async function openShortLink(site: TestApp, token: string, userAgent = iphone): Promise<void> {
  const headers = { 'user-agent': userAgent, 'accept-language': 'fr-FR,fr', accept: 'text/html' }
  await fetch(`${addressOf(site)}/${token}`, { redirect: 'manual', headers })
}
