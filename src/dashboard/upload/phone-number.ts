/** Spaces and punctuation that people write into numbers are no part of them. */
export const plainNumber = (cell: string) => cell.replace(/[\s().\-\u2010-\u2015]/g, '')

/** What the API takes for a mobile number. */
export const looksLikeNumber = (cell: string) => /^\+?\d{5,20}$/.test(plainNumber(cell))
