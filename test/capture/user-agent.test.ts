import { describe, expect, it } from 'vitest'
import { describeUserAgent } from '../../src/capture/user-agent.js'

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const REDUCED =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36'
const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36'

/** An Android WebView on a given model, with whatever the application around it appends. */
const webView = (model: string, app = '') =>
  `Mozilla/5.0 (Linux; Android 14; ${model} Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) ` +
  `Version/4.0 Chrome/132.0.6834.163 Mobile Safari/537.36${app}`

const chromeOn = (model: string) =>
  `Mozilla/5.0 (Linux; Android 13; ${model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36`

describe('the documented visit', () => {
  it('describes Chrome 67 on a Mac exactly as the documentation prints it', () => {
    const sample =
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36'
    expect(describeUserAgent(sample, {})).toEqual({
      browser: 'Chrome',
      browser_version: '67.0.3396.99',
      browser_engine: 'Blink',
      platform: 'Mac',
      platform_name: 'MAC',
      platform_version: '10.13.6',
      device_type: 'desktop',
      device_brand: 'Apple',
      device_model: '',
      touch_enabled: '0',
      is_bot: false,
    })
  })

  it('leaves everything empty, and says bot, for a request without a user agent', () => {
    expect(describeUserAgent('', {})).toEqual({
      browser: '',
      browser_version: '',
      browser_engine: '',
      platform: '',
      platform_name: '',
      platform_version: '',
      device_type: '',
      device_brand: '',
      device_model: '',
      touch_enabled: '0',
      is_bot: true,
    })
  })
})

describe('browsers', () => {
  it.each([
    [`${IPHONE} Version/18.6 Mobile/15E148 Safari/604.1`, 'Mobile Safari', '18.6'],
    [`${IPHONE} CriOS/143.0.7455.112 Mobile/15E148 Safari/604.1`, 'Chrome Mobile iOS', '143.0.7455.112'],
    [`${IPHONE} FxiOS/134.1 Mobile/15E148 Safari/605.1.15`, 'Firefox Mobile iOS', '134.1'],
    [`${IPHONE} EdgiOS/143.0.1693.67 Version/18.0 Mobile/15E148 Safari/604.1`, 'Microsoft Edge', '143.0.1693.67'],
    [`${WINDOWS} Edg/148.0.1513.39`, 'Microsoft Edge', '148.0.1513.39'],
    [`${WINDOWS} OPR/129.0.0.0`, 'Opera', '129.0.0.0'],
    [REDUCED, 'Chrome Mobile', '148.0.0.0'],
    [webView('SM-A536B'), 'Chrome Webview', '132.0.6834.163'],
  ])('names the browser of %s', (userAgent, browser, version) => {
    expect(describeUserAgent(userAgent, {})).toMatchObject({ browser, browser_version: version })
  })

  it.each([
    [`${IPHONE} Mobile/22G61 [FBAN/FBIOS;FBAV/461.0.0.42.68;FBDV/iPhone12,3]`, 'Facebook', '461.0.0.42.68'],
    [`${IPHONE} Mobile/22G61 Instagram 369.0.0.12.80 (iPhone12,1; iOS 18_6; en_US)`, 'Instagram', '369.0.0.12.80'],
    [webView('SM-S921N', ' [FB_IAB/Orca-Android;FBAV/423.0.0.59.98;]'), 'Facebook Messenger', '423.0.0.59.98'],
    [webView('RMX3946', ' trill_350206 BytedanceWebview/d8a21c6 app_version/35.2.6'), 'TikTok', '35.2.6'],
    [`${IPHONE} Mobile/15E148 [Pinterest/iOS]`, 'Pinterest', ''],
    [`${IPHONE} GSA/379.9.661484276 Mobile/15E148 Safari/604.1`, 'Google Search App', '379.9.661484276'],
  ])('names the application, not the WebView, of %s', (userAgent, browser, version) => {
    expect(describeUserAgent(userAgent, {})).toMatchObject({ browser, browser_version: version })
  })

  it('names an application that shows itself only by X-Requested-With', () => {
    const facts = describeUserAgent(webView('Pixel 8'), { 'x-requested-with': 'org.telegram.messenger' })
    expect(facts).toMatchObject({ browser: 'Telegram', browser_version: '', device_brand: 'Google' })
  })

  it('keeps the WebView where its host is not a known application', () => {
    const facts = describeUserAgent(webView('Pixel 8'), { 'x-requested-with': 'com.example.unheard.of' })
    expect(facts.browser).toBe('Chrome Webview')
  })

  it('takes an unknown product behind Safari on iOS for the application it is', () => {
    const facts = describeUserAgent(`${IPHONE} Mobile/15E148 Weathervane/4.2.2`, {})
    expect(facts).toMatchObject({ browser: 'Weathervane', browser_version: '4.2.2', platform: 'iOS' })
  })

  it('gives no version of a platform that has neither a digit nor a letter', () => {
    expect(describeUserAgent('com.google.android.apps.messaging', {})).toMatchObject({
      platform: 'Android',
      platform_version: '',
    })
  })

  it('gives no version to a bare iOS WebView, rather than the number of its engine', () => {
    expect(describeUserAgent(`${IPHONE} Mobile/15E148`, {})).toMatchObject({
      browser: 'Mobile Safari',
      browser_version: '',
      browser_engine: 'WebKit',
    })
  })
})

describe('client hints', () => {
  it('knows Brave, which hides in the user agent, by its brand', () => {
    const brands = '"Brave";v="148", "Not;A=Brand";v="24", "Chromium";v="148"'
    expect(describeUserAgent(WINDOWS, { 'sec-ch-ua': brands }).browser).toBe('Brave')
  })

  it('never takes the deliberately meaningless brand for a browser', () => {
    const brands = '"Not(A:Brand";v="24", "Chromium";v="148"'
    expect(describeUserAgent(WINDOWS, { 'sec-ch-ua': brands }).browser).toBe('Chrome')
  })

  it('completes a reduced version, and never replaces a detailed one by a bare major', () => {
    const full = '"Google Chrome";v="148.0.7752.106", "Chromium";v="148.0.7752.106"'
    const low = '"Google Chrome";v="148", "Chromium";v="148"'
    expect(describeUserAgent(REDUCED, { 'sec-ch-ua-full-version-list': full }).browser_version).toBe('148.0.7752.106')
    expect(describeUserAgent(REDUCED, { 'sec-ch-ua': low }).browser_version).toBe('148.0.0.0')
  })

  it.each([
    ['"15.0.0"', '11'],
    ['"10.0.0"', '10'],
    ['"0.3.0"', '8.1'],
  ])('reads Windows from platform version %s', (hint, version) => {
    const headers = { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': hint }
    expect(describeUserAgent(WINDOWS, headers)).toMatchObject({ platform: 'Windows', platform_version: version })
  })

  it('finds model, maker and system version of a phone whose user agent says only K', () => {
    const headers = {
      'sec-ch-ua-platform': '"Android"',
      'sec-ch-ua-platform-version': '"15.0.0"',
      'sec-ch-ua-model': '"SM-A215U"',
    }
    expect(describeUserAgent(REDUCED, headers)).toMatchObject({
      platform_version: '15.0.0',
      device_brand: 'Samsung',
      device_model: 'SM-A215U',
    })
    expect(describeUserAgent(REDUCED, {})).toMatchObject({ device_brand: '', device_model: '' })
  })

  it('believes the hint about the system over a user agent that was changed', () => {
    const facts = describeUserAgent(WINDOWS, {
      'sec-ch-ua-platform': '"macOS"',
      'sec-ch-ua-platform-version': '"26.2.0"',
    })
    expect(facts).toMatchObject({ platform: 'Mac', platform_name: 'MAC', platform_version: '26.2.0' })
  })
})

describe('systems', () => {
  it('reads the version that Safari 26 froze out of the system from Safari itself', () => {
    const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
    const frozen = describeUserAgent(`${IPHONE} Version/26.4 Mobile/15E148 Safari/604.1`, {})
    expect(frozen).toMatchObject({ platform: 'iOS', platform_version: '26.4' })
    expect(describeUserAgent(`${mac} Version/26.1 Safari/605.1.15`, {}).platform_version).toBe('26.1')
    expect(describeUserAgent(`${mac} Version/18.7.2 Safari/605.1.15`, {}).platform_version).toBe('10.15.7')
  })

  it.each([
    ['12_5_7', 'iOS', 'IOS'],
    ['13_5_1', 'iPadOS', 'IPA'],
  ])('calls the system of an iPad with %s %s', (version, platform, code) => {
    const iPad = `Mozilla/5.0 (iPad; CPU OS ${version} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148`
    expect(describeUserAgent(iPad, {})).toMatchObject({ platform, platform_name: code, device_type: 'tablet' })
  })

  it('names Fire OS by the Android release under it', () => {
    const fire =
      'Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.6.3 like Chrome/112.0.5615.213 Safari/537.36'
    expect(describeUserAgent(fire, {})).toMatchObject({
      platform: 'Fire OS',
      platform_name: 'FIR',
      platform_version: '7',
      device_brand: 'Amazon',
      device_type: 'tablet',
    })
  })

  it('drops the version of a Linux, which is only its processor', () => {
    const linux = 'Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0'
    expect(describeUserAgent(linux, {})).toMatchObject({
      platform: 'GNU/Linux',
      platform_name: 'LIN',
      platform_version: '',
    })
  })
})

describe('devices', () => {
  it.each([
    ['SAMSUNG SM-A507FN', 'Samsung', 'SM-A507FN'],
    ['22071219CG', 'POCO', '22071219CG'],
    ['2312CRAD3C', 'Xiaomi', '2312CRAD3C'],
    ['CPH2449', 'OnePlus', 'CPH2449'],
    ['CPH1821', 'OPPO', 'CPH1821'],
    ['AMG-AN00', 'Honor', 'AMG-AN00'],
    ['NOH-AN00', 'Huawei', 'NOH-AN00'],
    ['MAR-LX1M', 'Huawei', 'MAR-LX1M'],
    ['V2206', 'Vivo', 'V2206'],
    ['RMX3840', 'Realme', 'RMX3840'],
    ['Pixel 8 Pro', 'Google', 'Pixel 8 Pro'],
    ['moto g(9) power', 'Motorola', 'moto g(9) power'],
    ['Neffos_C9A', 'Neffos', 'Neffos_C9A'],
    ['NoMakerAtAll', '', 'NoMakerAtAll'],
  ])('knows the maker of %s: %s', (model, brand, stated) => {
    expect(describeUserAgent(chromeOn(model), {})).toMatchObject({ device_brand: brand, device_model: stated })
  })

  it.each([
    [`${IPHONE} Mobile/22G61 [FBAN/FBIOS;FBAV/461.0.0.42.68;FBDV/iPhone15,4]`, 'iPhone 15'],
    [`${IPHONE} Mobile/22G61 Instagram 369.0.0.12.80 (iPhone99,9; iOS 18_6)`, 'iPhone99,9'],
    [`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1 NAVER(inapp; search; 690; 10.17.0; 6SPLUS)`, 'iPhone 6s Plus'],
    [`${IPHONE} Mobile/15E148 QQ/9.0.17.638 Core/WKWebView Device/Apple(iPhone 7Plus)`, 'iPhone 7 Plus'],
    [`${IPHONE} Version/18.6 Mobile/15E148 Safari/604.1`, 'iPhone'],
  ])('names an Apple model as exactly as %s does', (userAgent, model) => {
    expect(describeUserAgent(userAgent, {})).toMatchObject({ device_brand: 'Apple', device_model: model })
  })

  it('knows a tablet by its model where a browser adds the word Mobile on tablets too', () => {
    expect(describeUserAgent(chromeOn('SM-X810'), {}).device_type).toBe('tablet')
    expect(describeUserAgent(chromeOn('Xiaomi Pad 6'), {}).device_type).toBe('tablet')
    expect(describeUserAgent(chromeOn('SM-S921B'), {}).device_type).toBe('smartphone')
  })

  it('says touch only where the agent says so itself', () => {
    const tablet = 'Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; Touch; rv:11.0) like Gecko'
    expect(describeUserAgent(tablet, {})).toMatchObject({ touch_enabled: '1', device_type: 'tablet' })
    expect(describeUserAgent(`${IPHONE} Version/18.6 Mobile/15E148 Safari/604.1`, {}).touch_enabled).toBe('0')
  })
})

describe('automation', () => {
  it.each(['Twitterbot/1.0', 'WhatsApp/2.24.12.41', 'python-requests/2.18.4', 'curl/8.5.0', 'okhttp/4.12.0', '  '])(
    'takes %s for a program',
    (userAgent) => {
      expect(describeUserAgent(userAgent, {}).is_bot).toBe(true)
    },
  )

  it('does not take an application for a program because News or Google is part of its name', () => {
    expect(describeUserAgent(`${IPHONE} GoogleLens/303.0 Mobile/21C66 Safari/604.1`, {}).is_bot).toBe(false)
    expect(describeUserAgent(`${IPHONE} Mobile/15E148 WallaNews/9.8.2`, {}).is_bot).toBe(false)
  })

  it('takes a crawler that dresses as a phone for a program', () => {
    const crawler = chromeOn('Nexus 5X').concat(' (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')
    expect(describeUserAgent(crawler, {}).is_bot).toBe(true)
  })
})

describe('hostile input', () => {
  it('reads only the first 512 characters', () => {
    const padding = 'x'.repeat(512)
    expect(describeUserAgent(`${padding} Googlebot/2.1`, {})).toEqual(describeUserAgent(padding, {}))
    expect(describeUserAgent(`${IPHONE}${' '.repeat(512)}Instagram 1.2.3`, {}).browser).toBe('Mobile Safari')
  })

  const fill = (unit: string) => unit.repeat(Math.ceil(512 / unit.length)).slice(0, 512)
  const units = [
    'a',
    '(',
    ')',
    ';',
    '/',
    ' ',
    '"',
    '((',
    '(;',
    'a/1 ',
    'a/1.',
    '1.',
    '(a)',
    'Android',
    'Android;',
    'Android (',
  ]
  const tokens = [
    'Build/',
    'Darwin/1.1 (',
    'Version/',
    'iPhone OS ',
    'DuckDuckGo/',
    'NAVER(inapp; ',
    'Mobile Safari/',
    '-browser',
  ]

  it.each([...units, ...tokens])(
    'describes 512 characters of %j without going back over them again and again',
    (unit) => {
      const headers = {
        'sec-ch-ua': fill('"Not;A=Brand";v="'),
        'sec-ch-ua-model': fill(unit),
        'sec-ch-ua-form-factors': fill('"'),
      }
      for (const prefix of ['', 'Mozilla/5.0 (iPhone; CPU ', 'Mozilla/5.0 (Linux; Android 14; ']) {
        const before = process.cpuUsage()
        describeUserAgent(`${prefix}${fill(unit)}`, headers)
        // Usually 5 ms of processor time; a pattern that backtracks takes minutes.
        expect(process.cpuUsage(before).user).toBeLessThan(5_000_000)
      }
    },
  )

  it('answers a repeated header and headers it does not know', () => {
    const headers = { 'sec-ch-ua': ['"Brave";v="148"', '"Chromium";v="148"'], accept: '*/*', 'x-nothing': undefined }
    expect(describeUserAgent(WINDOWS, headers).browser).toBe('Brave')
  })
})

describe('the cache', () => {
  it('answers the same question with the same facts, and another hint with other facts', () => {
    const first = describeUserAgent(REDUCED, { 'sec-ch-ua-model': '"Pixel 8"' })
    expect(describeUserAgent(REDUCED, { 'sec-ch-ua-model': '"Pixel 8"', accept: '*/*' })).toBe(first)
    expect(describeUserAgent(REDUCED, { 'sec-ch-ua-model': '"SM-A215U"' }).device_brand).toBe('Samsung')
  })

  it('hands out facts that cannot be changed under another visit', () => {
    expect(Object.isFrozen(describeUserAgent(REDUCED, {}))).toBe(true)
  })
})
