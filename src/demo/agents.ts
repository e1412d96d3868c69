/** User agents as a sender of SMS, WhatsApp and e-mail links sees them, roughly as often. Each call may vary versions. */
import type { SeededRandom } from './random.js'

export interface DemoAgent {
  userAgent: string
  headers: Record<string, string>
}

interface AgentKind {
  weight: number
  make: (random: SeededRandom) => DemoAgent
}

const ios = ['17_6_1', '18_1', '18_3_2', '18_5', '18_6_2', '16_7_10']
const chromes = [131, 134, 137, 139, 140, 141, 142]
const samsungs = ['SM-S918B', 'SM-S928B', 'SM-A546B', 'SM-A155F', 'SM-M146B', 'SM-G991B', 'SM-A356E']
const androids = ['Redmi Note 12', '2201117TG', 'CPH2591', 'V2247', 'RMX3771', 'Pixel 8', 'moto g84 5G', '23076RN4BI']

const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const blink = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const plain = (userAgent: string): DemoAgent => ({ userAgent, headers: {} })

function iphone(random: SeededRandom, app = ''): DemoAgent {
  const version = random.pick(ios)
  const browser = `Version/${version.split('_').slice(0, 2).join('.')} Mobile/15E148 Safari/604.1`
  return plain(`Mozilla/5.0 (iPhone; CPU iPhone OS ${version} like Mac OS X) ${webkit} ${app || browser}`)
}

/** Chrome has frozen its user agent at "Android 10; K": the rest comes as client hints. */
function chromeOnAndroid(random: SeededRandom): DemoAgent {
  const version = random.pick(chromes)
  const brands = (suffix: string) =>
    `"Chromium";v="${version}${suffix}", "Google Chrome";v="${version}${suffix}", "Not?A_Brand";v="24"`
  return {
    userAgent: `Mozilla/5.0 (Linux; Android 10; K) ${blink} Chrome/${version}.0.0.0 Mobile Safari/537.36`,
    headers: {
      'sec-ch-ua': brands(''),
      'sec-ch-ua-mobile': '?1',
      'sec-ch-ua-platform': '"Android"',
      'sec-ch-ua-platform-version': `"${random.pick(['13.0.0', '14.0.0', '15.0.0', '16.0.0'])}"`,
      'sec-ch-ua-model': `"${random.pick([...samsungs, ...androids])}"`,
    },
  }
}

function desktop(random: SeededRandom, system: string, suffix = ''): DemoAgent {
  return plain(`Mozilla/5.0 (${system}) ${blink} Chrome/${random.pick(chromes)}.0.0.0 Safari/537.36${suffix}`)
}

export const people: AgentKind[] = [
  { weight: 30, make: chromeOnAndroid },
  { weight: 24, make: (random) => iphone(random) },
  {
    weight: 8,
    make: (random) =>
      plain(
        `Mozilla/5.0 (Linux; Android 14; ${random.pick(samsungs)}) ${blink} SamsungBrowser/${random.pick(['25.0', '27.0', '28.0'])} Chrome/130.0.0.0 Mobile Safari/537.36`,
      ),
  },
  {
    weight: 5,
    make: (random) =>
      iphone(random, 'Mobile/22F76 Instagram 382.0.0.28.82 (iPhone15,2; iOS 18_5; en_GB; en; scale=3.00; 1179x2556)'),
  },
  {
    weight: 4,
    make: (random) =>
      iphone(
        random,
        'Mobile/15E148 [FBAN/FBIOS;FBAV/519.0.0.56.78;FBBV/745111862;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS]',
      ),
  },
  {
    weight: 3,
    make: (random) => iphone(random, `CriOS/${random.pick(chromes)}.0.7204.119 Mobile/15E148 Safari/604.1`),
  },
  { weight: 9, make: (random) => desktop(random, 'Windows NT 10.0; Win64; x64') },
  { weight: 4, make: (random) => desktop(random, 'Windows NT 10.0; Win64; x64', ' Edg/140.0.0.0') },
  { weight: 3, make: (random) => desktop(random, 'Macintosh; Intel Mac OS X 10_15_7') },
  {
    weight: 3,
    make: () => plain(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/18.5 Safari/605.1.15`),
  },
  { weight: 2, make: () => plain('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0') },
  { weight: 1, make: () => plain('Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0') },
  {
    weight: 2,
    make: () =>
      plain(`Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) ${webkit} Version/17.6 Mobile/15E148 Safari/604.1`),
  },
]

export const machines: AgentKind[] = [
  { weight: 40, make: () => plain('WhatsApp/2.23.20.0') },
  { weight: 25, make: () => plain('facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)') },
  { weight: 12, make: () => plain('TelegramBot (like TwitterBot)') },
  { weight: 8, make: () => plain('Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)') },
  { weight: 8, make: () => plain('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)') },
  { weight: 4, make: () => plain('curl/8.5.0') },
  { weight: 3, make: () => plain('python-requests/2.32.3') },
]
