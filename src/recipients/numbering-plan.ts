import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  Metadata,
  type NumberingPlan as PlanMetadata,
} from 'libphonenumber-js/max'

/** How the numbers of a country, or of all countries with one calling code, are made. */
export interface NumberingPlan {
  callingCode: string
  /** What is dialled in front of a national number within the country, such as 0; '' where nothing is. */
  trunk: string
  /** The same as it is recognised in numbers, with codes of carriers; null where there is none. */
  prefix: RegExp | null
  /** Of a number with nothing in front. */
  national: RegExp
  /** Of those that messages may reach. */
  mobile: RegExp | null
  /** What is dialled in front of a calling code, such as 00 or 011. */
  internationalPrefix: RegExp
  /** How many digits a number may have. */
  lengths: ReadonlySet<number>
}

/** Parts of libphonenumber-js's Metadata that its types leave out. */
interface FullMetadata extends PlanMetadata {
  callingCode(): string
  nationalNumberPattern(): string
  /** 0, the number, where there is none. */
  nationalPrefix(): string | 0 | undefined
  nationalPrefixForParsing(): string | 0 | undefined
  type(name: string): { pattern(): string } | undefined
}

const plans = new Map<string, NumberingPlan>()

/** @param of a country, or a calling code: then the plan of the country that others share it with, such as that of the US for 1 */
export function numberingPlan(of: string): NumberingPlan {
  const known = plans.get(of)
  if (known !== undefined) return known
  const plan = readPlan(of)
  plans.set(of, plan)
  return plan
}

function readPlan(of: string): NumberingPlan {
  const metadata = new Metadata()
  metadata.selectNumberingPlan(of as CountryCode)
  if (metadata.numberingPlan === undefined) throw new Error(`there is no numbering plan of ${of}`)
  const plan = metadata.numberingPlan as FullMetadata
  const prefix = plan.nationalPrefixForParsing()
  // Where mobile numbers look like those of landlines, only the latter are described.
  const mobile = plan.type('MOBILE')?.pattern() || plan.type('FIXED_LINE')?.pattern()
  return {
    callingCode: plan.callingCode(),
    trunk: plan.nationalPrefix() || '',
    prefix: prefix ? new RegExp(`^(?:${prefix})`) : null,
    national: new RegExp(`^(?:${plan.nationalNumberPattern()})$`),
    mobile: mobile ? new RegExp(`^(?:${mobile})$`) : null,
    internationalPrefix: new RegExp(`^(?:${plan.IDDPrefix()})`),
    lengths: new Set(plan.possibleLengths()),
  }
}

const callingCodes: ReadonlySet<string> = new Set(getCountries().map((country) => getCountryCallingCode(country)))

/** The plan of a calling code; null when there is no such code. */
export function callingCodePlan(code: string): NumberingPlan | null {
  return callingCodes.has(code) ? numberingPlan(code) : null
}

/** The plan that international digits belong to, and what follows the calling code; null for calling codes that do not exist. */
export function splitCallingCode(digits: string): { plan: NumberingPlan; national: string } | null {
  for (let length = 1; length <= 3; length++) {
    const plan = callingCodePlan(digits.slice(0, length))
    if (plan !== null) return { plan, national: digits.slice(length) }
  }
  return null
}
