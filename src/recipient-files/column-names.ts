/** What a column may hold by its name, in the words that address books, gateways and shops use. */

/** `Phone 1 - Value`, `phone1Value` and `PHONE_1_VALUE` are one. */
export function plainName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Words of names, each with how much it says; the first that fits counts. */
type Words = readonly (readonly [RegExp, number])[]

function rank(words: Words, name: string): number {
  return words.find(([word]) => word.test(name))?.[1] ?? 0
}

const mobileWords: Words = [
  [/^(wa|whatsapp) ?id$/, 3],
  // Of somebody else, or not a number at all.
  [/\b(from|sender|absender\w*|originator|source|caller)\b/, -2],
  [
    /\b(label|type|typ|kind|country|carrier|operator|network|provider|status|verified|valid\w*|opt|optin|consent|ext\w*)\b/,
    -2,
  ],
  [/\b(prefix|vorwahl|area|dial\w*|calling|hash|model|os|brand|date|datum|count|format|name|vorname|nachname)\b/, -2],
  [/\b(mobile|mobil)\w* (id|code)\b|\b(phone|tel\w*) (id|code)\b/, -2],
  [/\bfax\w*/, -1],
  [/\b(mobile|mobil(nummer|nr|telefon|funk\w*|rufnummer)?|mobiel\w*|cell(s|ular\w*|phone\w*|number)?|handy\w*)\b/, 3],
  [/\b(mobile\w+|msisdn|whatsapp\w*|gsm|movil|celular|cellulare|portable|telemovel|komorka|smartphone|natel)\b/, 3],
  [
    /\b(home|work|office|business|company|landline|festnetz|geschaftlich|privat|main|emergency|notfall)\b.*\b(phone|tel)/,
    1,
  ],
  [/\b(phone\w*|telephone\w*|telefon\w*|telefoon\w*|tel|telno|telnr|rufnummer|rufnr|fon|fono)\b/, 2],
  [
    /\b(id|uid|uuid|guid|order|invoice|account|konto\w*|customer|kunden\w*|member\w*|house|haus\w*|street|strasse)\b/,
    -2,
  ],
  [/\b(zip\w*|postal|plz|post\w*|card|iban|tax|vat|ticket|case|row|line|serial|batch|amount|betrag|price|preis)\b/, -2],
  [
    /\b(total|quantity|qty|age|alter|year|lat\w*|lon\w*|lng|ref\w*|code|ip|version|size|time\w*|zeit|birth\w*|dob|geb\w*)\b/,
    -2,
  ],
  [
    /^(to|recipients?|receiver|destination|dest( addr(ess)?)?|da|an|empfanger\w*|numbers?|nummern?|numero|subscriber)$/,
    1.5,
  ],
  [/\b(recipient|receiver|destination|empfanger|number|nummer|numero|contact|kontakt)\b/, 1],
]

/** How much a name says that the column has the numbers of recipients; below 0: it has something else. */
export const mobileRank = (name: string): number => rank(mobileWords, plainName(name))

const messageIdWords: Words = [
  [/^message id$/, 4],
  [/^(message|msg|sms|mms|nachricht(en)?) ?(id|ids|uuid|guid|sid|ref|reference|referenz|identifier|number|nr|no)$/, 3],
  [/\b(campaign|kampagne|template|vorlage|sender|bulk|parent|list|group|user|contact|customer|kunden?)\b/, 0],
  [/\b(message|msg|sms|mms|nachrichten?)\b.*\b(id|uuid|guid|sid|ref|reference|referenz|identifier|kennung)\b/, 3],
  [
    /^(wamid|sid|reference|referenz|ref|external ?id|ext ?id|correlation ?id|tracking ?id|transaction ?id|client ?(id|ref))$/,
    2,
  ],
  [/^(message|msg|sms|id|uuid|guid|identifier|kennung)$/, 1],
]

/** How much a name says that the column has ids of messages; 1 where it may also have something else, such as their text. */
export const messageIdRank = (name: string): number => rank(messageIdWords, plainName(name))

const sentWords: Words = [
  [/\b(birth\w*|dob|bday|born|geb\w*|naissance|nacimiento|nascita|nascimento|anniversary|jubilaum)\b/, 0],
  [
    /\b(sent|send|sending|gesendet|versendet|enviado|envoye|verzonden|versand\w*|sende\w*)\b|^(sentat|sentdate|senttime)$/,
    4,
  ],
  [/\b(submit\w*|dispatch\w*|abgeschickt)\b/, 3],
  [/\b(delivered|zugestellt|accepted)\b/, 2],
  [
    /\b(created|registered|signup|joined|updated|modified|expir\w*|due|appointment|termin|event|visit\w*|opened|clicked)\b/,
    0,
  ],
  [
    /\b(read|seen|status|start|end|valid\w*|order\w*|purchase\w*|since|first|opt\w*|subscribed|paid|payment|until|bis|ab|zone)\b/,
    0,
  ],
  [/\b(timestamp|date ?time|zeitstempel|zeitpunkt)\b/, 1.5],
  [/^(date|time|datum|zeit|fecha|data|date time|date and time)$/, 1],
]

/** How much a name says that the column has times of sending; at most 1.5 where it may have other times. */
export const sentAtRank = (name: string): number => rank(sentWords, plainName(name))

/** Whether a name is that of a country's calling code. */
export const isCallingCodeName = (name: string): boolean =>
  /\b(country|calling|dial(ing|ling)?|phone|mobile|isd|international|lander?|landes) ?(calling )?(code|prefix|vorwahl)\b|^(cc|isd|vorwahl|landesvorwahl|landervorwahl|landerkennzahl|indicatif|prefijo|prefix)$/.test(
    plainName(name),
  )
