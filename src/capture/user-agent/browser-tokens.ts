/**
 * Browsers and applications recognised by a token of their own in the user agent, first match wins.
 *
 * ua-parser-js takes an in-app browser for the WebView it runs in, or knows it by an older token. `version` captures the
 * version in its first group that matched; without it, or where it does not match, the version is unknown.
 */
export type BrowserToken = { readonly name: string; readonly token: RegExp; readonly version?: RegExp }

export const BROWSER_TOKENS: readonly BrowserToken[] = [
  { name: 'Facebook Messenger', token: /FBAN\/Messenger|FB_IAB\/(?:MESSENGER|Orca)|FBAN\/Orca/, version: /FBAV\/([\d.]+)/ },
  { name: 'Facebook', token: /\[?FBAN\/|FB_IAB\/|FBAV\//, version: /FBAV\/([\d.]+)/ },
  { name: 'Instagram', token: /Instagram[ /]([\d.]+)/, version: /Instagram[ /]([\d.]+)/ },
  { name: 'TikTok', token: /musical_ly|trill_|BytedanceWebview|TikTok/, version: /(?:app_version\/|musical_ly_|trill_)(\d+\.[\d.]+)|app_version\/([\d.]+)/ },
  { name: 'Snapchat', token: /Snapchat\/?([\d.]+)/, version: /Snapchat\/?([\d.]+)/ },
  { name: 'LinkedIn', token: /\[LinkedInApp\]|LinkedInApp/, version: /LinkedInApp\]?\/([\d.]+)/ },
  { name: 'Twitter', token: /Twitter for i|TwitterAndroid/, version: /Twitter for i\w+\/([\d.]+)/ },
  { name: 'Pinterest', token: /\[Pinterest\/|^Pinterest for /, version: /Pinterest for \w+(?: Tablet)?\/([\d.]+)/ },
  { name: 'WhatsApp', token: /WhatsApp\+?\//, version: /WhatsApp\+?\/([\d.]+)/ },
  { name: 'Line', token: /\bLine\/[\d.]+/, version: /\bLine\/([\d.]+)/ },
  { name: 'KakaoTalk', token: /KAKAOTALK/, version: /KAKAOTALK[/ ](\d+\.[\d.]*\d)/ },
  { name: 'WeChat', token: /MicroMessenger\//, version: /MicroMessenger\/([\d.]+)/ },
  { name: 'Naver', token: /NAVER\(inapp/, version: /NAVER\(inapp; \w+; \d+; ([\d.]+)/ },
  { name: 'Baidu Box App', token: /baiduboxapp/, version: /baiduboxapp\/([\d.]+)/ },
  { name: 'QQ', token: /\bQQ\/[\d.]+/, version: /\bQQ\/([\d.]+)/ },
  { name: 'Google Search App', token: /GSA\/[\d.]+|GoogleApp\//, version: /(?:GSA|GoogleApp)\/([\d.]*\d)/ },
  { name: 'DuckDuckGo Privacy Browser', token: /DuckDuckGo\/\d|\bDdg\/\d/, version: /(?:iPhone|iPad).*DuckDuckGo\/([\d.]+)|\bDdg\/([\d.]+)/ },
  { name: 'Vivaldi', token: /Viv\/[\d.]+/, version: /Viv\/([\d.]+)/ },
  { name: 'Brave', token: /\) Version\/[\d.]+ Mobile\/\w+ Safari\/[\d.]+ Brave$/ },
  { name: 'Ecosia', token: /Ecosia ios@/, version: /Ecosia ios@([\d.]+)/ },
  { name: 'Aloha Browser', token: /AlohaBrowser\//, version: /AlohaBrowser\/([\d.]+)/ },
  { name: 'Yandex Browser Lite', token: /YaBrowser\/[\d.]+.* Lite|YaBrowserLite/, version: /YaBrowser\/([\d.]+)/ },
  { name: 'Microsoft Edge', token: /Edg(?:e|A|iOS)?\//, version: /Edg(?:e|A|iOS)?\/([\d.]+)/ },
  { name: 'Opera Touch', token: /OPT\/[\d.]+/, version: /OPT\/([\d.]+)/ },
]
