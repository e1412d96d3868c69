/** Some hundred user agents as a campaign by text message meets them: phones first, then computers, then bots. */
import { describeUserAgent } from '../../src/capture/user-agent.js'
import type { UserAgent } from '../../src/visits/visit.js'

export interface Agent {
  stored: UserAgent
  isBot: boolean
}

const androidModels = [
  ...['SM-A525F', 'SM-A146B', 'SM-G991B', 'SM-S918B', 'SM-A057F', 'SM-M336B', 'SM-A715F', 'SM-G998U'],
  ...['Redmi Note 9 Pro', 'Redmi Note 12', '2201117TG', 'M2101K6G', '23021RAA2Y', 'POCO X3 NFC', 'CPH2219', 'CPH2387'],
  ...['V2029', 'vivo 1906', 'RMX3085', 'RMX2193', 'moto g(30)', 'moto g54 5G', 'Pixel 6a', 'Pixel 8 Pro'],
  ...['ANE-LX1', 'ELE-L29', 'NOH-NX9', 'Infinix X6816', 'TECNO KI5k', 'Nokia G20'],
]
const chromeVersions = ['138.0.7204.63', '137.0.7151.115', '136.0.7103.125', '131.0.6778.200', '120.0.6099.144']
const iosVersions = ['18_5', '18_3_2', '17_6_1', '17_5', '17_4_1', '16_7_10', '16_6', '15_8_3', '14_8', '18_0_1']
const systems = ['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64']
const bots = [
  'WhatsApp/2.23.20.0',
  'TelegramBot (like TwitterBot)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Twitterbot/1.0',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
]

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const texts = [
  ...chromeVersions.flatMap((chrome) =>
    androidModels.map(
      (model, at) =>
        `Mozilla/5.0 (Linux; Android ${10 + (at % 6)}; ${model}) ${webkit} Chrome/${chrome} Mobile Safari/537.36`,
    ),
  ),
  ...iosVersions.flatMap((ios) => [
    `${iphone(ios)} Version/${ios.replace(/_/, '.').replace(/_.*/, '')} Mobile/15E148 Safari/604.1`,
    `${iphone(ios)} Mobile/15E148 Instagram 334.0.4.32.98 (iPhone14,5; iOS ${ios}; en_US; scale=3.00; 1170x2532)`,
    `${iphone(ios)} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1`,
  ]),
  ...systems.flatMap((system) => [
    ...chromeVersions.map((chrome) => `Mozilla/5.0 (${system}) ${webkit} Chrome/${chrome} Safari/537.36`),
    ...chromeVersions.map((chrome) => `Mozilla/5.0 (${system}) ${webkit} Chrome/${chrome} Safari/537.36 Edg/${chrome}`),
    `Mozilla/5.0 (${system}; rv:140.0) Gecko/20100101 Firefox/140.0`,
  ]),
  ...bots,
]

export const agents: readonly Agent[] = texts.map((text) => {
  const { is_bot, touch_enabled, ...facts } = describeUserAgent(text, {})
  const known = (fact: string) => (fact === '' ? null : fact)
  const stored: UserAgent = {
    userAgent: text,
    hints: null,
    browser: known(facts.browser),
    browserVersion: known(facts.browser_version),
    browserEngine: known(facts.browser_engine),
    platform: known(facts.platform),
    platformVersion: known(facts.platform_version),
    platformName: known(facts.platform_name),
    deviceType: known(facts.device_type),
    deviceBrand: known(facts.device_brand),
    deviceModel: known(facts.device_model),
    touchEnabled: touch_enabled === '1',
  }
  return { stored: Object.freeze(stored), isBot: is_bot }
})

function iphone(ios: string): string {
  return `Mozilla/5.0 (iPhone; CPU iPhone OS ${ios} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)`
}
