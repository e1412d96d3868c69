/** A visit before it has a position: what capture, import and demo hand to the log. Absent is null. */
export interface NewVisit {
  /** UUIDv7 made at capture: storing it twice is harmless. */
  id: string
  /** Null: made from the id (visit-id.ts). */
  visitId: string | null
  linkId: number
  createdAt: Date
  recipientId: number | null
  clientIp: string | null
  /** `http` or `https` and host of the short URL that was opened. */
  scheme: string | null
  host: string | null
  /** Of the short URL, without `?`. */
  queryString: string | null
  browserLang: string | null
  resolution: string | null
  userAgent: UserAgent
  place: Place | null
  /** Numbered apart from people. */
  isBot: boolean
  options: object | null
}

/** A user agent with all that was derived from it (docs/api-contract.md section 2, rows 8 to 20). */
export interface UserAgent {
  userAgent: string | null
  /** The client hints that took part, as sent. */
  hints: Record<string, string> | null
  browser: string | null
  browserVersion: string | null
  browserEngine: string | null
  platform: string | null
  platformVersion: string | null
  platformName: string | null
  deviceType: string | null
  deviceBrand: string | null
  deviceModel: string | null
  touchEnabled: boolean
}

/** Where an address is (docs/api-contract.md section 2, rows 21 to 28). Coordinates as text, in the source's precision. */
export interface Place {
  country: string | null
  countryCode: string | null
  region: string | null
  city: string | null
  zipcode: string | null
  latitude: string | null
  longitude: string | null
  timezone: string | null
}
