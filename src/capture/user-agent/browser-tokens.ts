/**
 * A browser or application recognised by a token of its own in the user agent.
 *
 * `version` captures the version in its first group that matched; without it, or where it does not match, the version is
 * unknown.
 */
export type BrowserToken = { readonly name: string; readonly token: RegExp; readonly version?: RegExp }

/**
 * First match wins. ua-parser-js takes these for the browser they are built on, or knows them by an older token.
 */
export const BROWSER_TOKENS: readonly BrowserToken[] = [
  {
    name: 'Facebook Messenger',
    token: /FBAN\/Messenger|FB_IAB\/(?:MESSENGER|Orca)|FBAN\/Orca|MetaIAB Messenger/,
    version: /FBAV\/([\d.]+)/,
  },
  { name: 'Meta Business Suite', token: /FBAN\/FBPageAdmin/, version: /FBAV\/([\d.]+)/ },
  { name: 'Facebook Lite', token: /FBAN\/EMA\b/, version: /FBAV\/([\d.]+)/ },
  { name: 'Facebook', token: /\bFBAN\/|FB_IAB\/|FBAV\//, version: /FBAV\/([\d.]+)/ },
  { name: 'Threads', token: /Barcelona[ /][\d.]+|MetaIAB Threads/, version: /Barcelona[ /]([\d.]+)/ },
  { name: 'Instagram', token: /Instagram[ /][\d.]+|MetaIAB Instagram/, version: /Instagram[ /]([\d.]+)/ },
  {
    name: 'TikTok',
    token: /musical_ly|trill_|BytedanceWebview|TikTok/,
    version: /(?:app_version\/|musical_ly_|trill_)(\d+\.[\d.]+)|app_version\/([\d.]+)/,
  },
  { name: 'Snapchat', token: /Snapchat\/?[\d.]+/, version: /Snapchat\/?([\d.]+)/ },
  { name: 'LinkedIn', token: /LinkedInApp/, version: /LinkedInApp\]?\/([\d.]+)/ },
  { name: 'Twitter', token: /Twitter for i|TwitterAndroid/, version: /Twitter for i\w+\/([\d.]+)/ },
  { name: 'Pinterest', token: /\[Pinterest\/|^Pinterest for /, version: /Pinterest for \w+(?: Tablet)?\/([\d.]+)/ },
  {
    name: 'WhatsApp',
    token: /WhatsApp\+?\/|\bWA(?:4A|iOS)\/|MetaIAB WhatsApp/,
    version: /(?:WhatsApp\+?|\bWA(?:4A|iOS))\/([\d.]*\d)/,
  },
  // After Meta's other applications: in Facebook's own browser nothing may follow.
  { name: 'Facebook', token: /\bMetaIAB\b/, version: /\bMetaIAB Facebook\/([\d.]+)/ },
  { name: 'Line', token: /\bLine\/[\d.]+/, version: /\bLine\/([\d.]+)/ },
  { name: 'KakaoTalk', token: /KAKAOTALK/, version: /KAKAOTALK[/ ](\d+\.[\d.]*\d)/ },
  { name: 'WeChat', token: /MicroMessenger\//, version: /MicroMessenger\/([\d.]+)/ },
  { name: 'Naver', token: /NAVER\(inapp/, version: /NAVER\(inapp; \w+; \d+; ([\d.]+)/ },
  { name: 'Telegram', token: /\bTelegram-Android\//, version: /\bTelegram-Android\/([\d.]+)/ },
  { name: 'Zalo', token: /\bZalo (?:iOS|android)\// },
  { name: 'Taobao', token: /AliApp\(TB\//, version: /AliApp\(TB\/([\d.]+)/ },
  { name: 'Baidu Box App Lite', token: /\blite baiduboxapp\//, version: /baiduboxapp\/([\d.]+)/ },
  { name: 'Baidu Box App', token: /baiduboxapp/, version: /baiduboxapp\/([\d.]+)/ },
  { name: 'TIM', token: /\bTIM\/\d/, version: /\bTIM\/([\d.]+)/ },
  { name: 'QQ', token: /\bQQ\/[\d.]+/, version: /\bQQ\/([\d.]+)/ },
  { name: 'Gemini', token: /\bGemini(?:iOS|Android)\//, version: /\bGemini(?:iOS|Android)\/([\d.]+)/ },
  { name: 'Google News', token: /\bGNews (?:iOS|Android)\//, version: /\bGNews \w+\/([\d.]+)/ },
  { name: 'Google Search App', token: /GSA\/[\d.]+|GoogleApp\//, version: /(?:GSA|GoogleApp)\/([\d.]*\d)/ },
  { name: 'DuckDuckGo Privacy Browser', token: /\bDdg\/\d/, version: /\bDdg\/([\d.]+)/ },
  {
    name: 'DuckDuckGo Privacy Browser',
    token: /DuckDuckGo\/\d/,
    // Behind Safari on a Mac or Chrome on Android the number is a fixed one, not a version.
    version: /(?:iPhone|iPad).*DuckDuckGo\/([\d.]+)|^DuckDuckGo\/([\d.]+)/,
  },
  { name: 'Vivaldi', token: /Viv\/[\d.]+/, version: /Viv\/([\d.]+)/ },
  { name: 'Brave', token: /\bBrave\)?$|\bBrave Chrome\//, version: /\bBrave Chrome\/([\d.]+)/ },
  { name: 'Ecosia', token: /Ecosia ios@/, version: /Ecosia ios@([\d.]+)/ },
  { name: 'Aloha Browser', token: /AlohaBrowser\//, version: /AlohaBrowser\/([\d.]+)/ },
  { name: 'Startpage', token: /\bStartpage$/ },
  { name: 'Ghostery Privacy Browser', token: /\bGhostery\b/ },
  { name: 'Chromium GOST', token: /Chromium GOST/, version: /Chrome\/([\d.]+)/ },
  { name: 'Mint Browser', token: /\bMint Browser\//, version: /Mint Browser\/([\d.]+)/ },
  { name: 'LG Browser', token: /\bLG Browser\//, version: /LG Browser\/([\d.]+)/ },
  {
    name: 'Yandex Browser Lite',
    token: /YaBrowserLite|YaBrowser\/[\d.]+ \(lite\)/,
    version: /YaBrowser(?:Lite)?\/([\d.]+)/,
  },
  {
    name: 'Yandex Browser',
    token: /\b(?:YaBrowser|YaSearchBrowser|YandexSearch)\/\d/,
    version: /\b(?:YaBrowser|YaSearchBrowser|YandexSearch)\/([\d.]+)/,
  },
  { name: 'Microsoft Edge', token: /\bEdg(?:e|A|iOS)?\//, version: /\bEdg(?:e|A|iOS)?\/([\d.]+)/ },
  { name: 'Opera Touch', token: /\bOPT\/[\d.]+/, version: /\bOPT\/([\d.]+)/ },
  {
    name: 'Huawei Browser',
    token: /\((?:PC|2in1); ?OpenHarmony.*HuaweiBrowser\//,
    version: /HuaweiBrowser\/([\d.]+)/,
  },
  { name: 'Steam In-Game Overlay', token: /Valve Steam GameOverlay/ },
]
