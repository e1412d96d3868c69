/**
 * Messengers, mail and social services that fetch a link to show what is behind it, or to look into it on the reader's behalf.
 * Apple's iMessage names two of the others. Signal calls itself WhatsApp. Behind Mozilla/5.0 the name of a messenger may be a
 * person's browser inside it.
 */
const PREVIEW_NAMES =
  /^WhatsApp\/|facebookexternalhit|facebookcatalog|Facebot|meta-externalfetcher|TelegramBot|Slack(?:bot|-ImgProxy)|Twitterbot|Discordbot|LinkedInBot|SkypeUriPreview|MicrosoftPreview|Teams.*preview|Viber.*(?:bot|preview)|LineBot|kakaotalk-scrap|Pinterestbot|redditbot|Mastodon\/|Iframely|Embedly|vkShare|Snap URL Preview|BingPreview|Google-(?:PageRenderer|Read-Aloud|Safety|InspectionTool)|GoogleImageProxy|GoogleMessages|Gmail-content-sampling|YahooMailProxy|Google Web Preview|ZoomBot|ZaloPC-preview/i

/**
 * Samsung Messages fetches previews as Firefox 24 on Ubuntu, a generation that nobody browses with any more. Only that one:
 * other releases of Firefox on Ubuntu are people's.
 */
const SAMSUNG_MESSAGES = /^Mozilla\/5\.0 \(X11; Ubuntu; Linux [\w ]+; rv:24\.0\) Gecko\/\d+ Firefox\/24\.0$/

/** Whether a user agent is one that fetches previews. */
export function isPreviewAgent(userAgent: string): boolean {
  return PREVIEW_NAMES.test(userAgent) || SAMSUNG_MESSAGES.test(userAgent)
}
