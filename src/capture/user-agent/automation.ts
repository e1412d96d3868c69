import { isbot, isbotMatches } from 'isbot'
import { isPreviewAgent } from './previews.js'

/**
 * Whether a program, not a person, sent the request: an empty user agent, a declared bot, a fetcher of previews, an office
 * application, or an HTTP library.
 *
 * @param userAgent already cut to the length that is looked at (user-agent.ts)
 */
export function isAutomated(userAgent: string): boolean {
  if (userAgent.trim() === '') return true
  if (FETCHERS.test(userAgent) || GOOGLE.test(userAgent) || OFFICE.test(userAgent)) return true
  if (isPreviewAgent(userAgent) || isDeclared(userAgent) || isLibrary(userAgent)) return true
  if (!isbot(userAgent)) return false
  if (!PHONE.test(userAgent)) return true
  return !isbotMatches(userAgent.replace(LIBRARY_TOKEN, '')).every((word) => APPLICATION_WORD.test(word))
}

/** Fetchers that isbot leaves to its caller: HTTP libraries which send nothing but their own name. */
const FETCHERS =
  /^(?:curl|Wget|python|okhttp|Go-http-client|Java\/|Apache-HttpClient|axios|node|got\b|libwww|Ruby|PHP|Dart\/|Artifactory|quic-go)|PowerShell\//i

/**
 * Google's crawlers, special-case crawlers and user-triggered fetchers, which put their names behind or into the user agent of
 * a phone or a desktop. Google's applications, which people open links in, are spelled otherwise (`GoogleLens/`, `GSA/`).
 *
 * Source: https://developers.google.com/crawling/docs/crawlers-fetchers/overview-google-crawlers
 */
const GOOGLE =
  /\b(?:(?:Storebot|DuplexWeb|AdsBot|Mediapartners|FeedFetcher|APIs|AppEngine)-Google|Google-(?:Adwords|Agent|AMPHTML|Apps-Script|CloudVertexBot|CWS|Display-Ads-Bot|Extended|Firebase|GeminiNotebook|HotelAdsVerifier|InspectionTool|Lighthouse|NotebookLM|PageRenderer|Pinpoint|Publisher-Plugin|Read-Aloud|Safety|SearchByImage|Shopping|Site-Verification|Structured-Data|Test)|Google(?:bot|Other|Producer|Messages)\b|Google Favicon|google-speakr|Chrome-Lighthouse)/i

/**
 * Office applications and Outlook look at a link before they hand it to the browser, which then opens it itself. They name
 * themselves in front, or inside the user agent of the Internet Explorer that they embed.
 */
const OFFICE =
  /\bms-office\b|\bMSOffice\b|^(?:Microsoft (?:Office|Outlook|Word|Excel|PowerPoint|OneNote)\b|(?:Mac)?Outlook(?:-iOS|-Android|-Express)?\/|Office\/)|\bMicrosoft Outlook \d/i

/**
 * Programs declare themselves as `compatible;` in a comment: `… Mobile Safari/537.36 (compatible; GoogleOther)`. Of browsers only
 * old ones do, and those of televisions and the like.
 */
function isDeclared(userAgent: string): boolean {
  for (const [, name = ''] of userAgent.matchAll(/\bcompatible; ?([^;)]*)/g)) if (!OLD_BROWSER.test(name)) return true
  return false
}

const OLD_BROWSER =
  /^(?:$|MSIE|IE|Konqueror|iCab|OmniWeb|Opera|NetFront|AOL|WebTV|Windows|Linux|X11|U$|Mac|PPC|IBrowse|ABrowse|Origyn|ELinks|Links|Lynx|w3m|Amiga|Charon|Dillo|NetPositive|Netgem|Galeon|NCSA|HotJava|Chrom|Firefox|Safari|Gecko|Mozilla|Phoenix|WebPositive|Nokia|Symbian|Series|Vodafone|Voyager|Sleipnir|Escape|QNX|OS\/2|BeOS|HbbTV|Maple|ANT)/

/**
 * HTTP libraries of applications, by name or by the form that theirs have: `Reeder/50 CFNetwork/1408.0.4 Darwin/22.5.0`,
 * `Dalvik/2.1.0 (Linux; U; …)`, `App/3.1 (iPhone; iOS 17.0; Scale/3.00)`. A browser inside an application may name the library
 * too, but begins as browsers do.
 */
function isLibrary(userAgent: string): boolean {
  return LIBRARY.test(userAgent) && !BROWSER.test(userAgent)
}

const LIBRARY =
  /\bDalvik\/|\bCFNetwork\b|\bokhttp|\bCronet\b|\bAlamofire\b|\bAFNetworking\b|\bURLSession\b|\bVolley\b|\bktor\b|\bRetrofit\b|\bHttpClient\b|; Scale\/\d|^Darwin\/|^com\.apple\.|^NetworkingExtension\//i

/** An HTTP library that an application adds to the user agent of the browser inside it. */
const LIBRARY_TOKEN = /\b(?:okhttp\d?|[\w-]*HttpClient|ktor[\w-]*|Java|Dart|axios)(?:\/[\w.-]+)?/gi

/** What a browser begins with, or is called where a library of its system fetches for it (`Safari/… CFNetwork/…`). */
const BROWSER =
  /^(?:Mozilla|Opera)\/|\bAppleWebKit\b|\b(?:Mobile)?Safari\/|\b(?:Chrome|CriOS|Firefox|FxiOS|Focus|Edge|EdgiOS|Edg|OPR|OPT|OPiOS|Opera|Brave|DuckDuckGo|Ddg|UCBrowser|UCWEB|YaBrowser|Vivaldi|SamsungBrowser|MiuiBrowser|HuaweiBrowser|Ecosia|Aloha\w*|Dolphin|Puffin|Maxthon|QQBrowser|MQQBrowser|Orion|Silk|Whale)\b\/?/i

/** Phones in people's hands; no declared bot of a phone kind lacks one of the words isbot knows. */
const PHONE = /^Mozilla\/\S+ \((?:iPhone|iPad|iPod|Linux;(?: U;)? Android|\d+MB;)/

/** Words of isbot that are also part of the names of applications: Google Lens, Walla News, an @ in a channel. */
const APPLICATION_WORD = /^.?news$|^google$|^@|^\(\)$/i
