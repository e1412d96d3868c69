import { constants, createBrotliCompress, createGzip } from 'node:zlib'

export type ContentCoding = 'br' | 'gzip'

/** The coding to compress an answer with (RFC 9110 section 12.5.3); null when the client did not ask for one of ours. */
export function acceptedCoding(acceptEncoding: string | undefined): ContentCoding | null {
  const weights = new Map(
    (acceptEncoding ?? '').split(',').map((text): [string, number] => {
      const [coding = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return [coding, weight === undefined ? 1 : Number(weight.slice(2)) || 0]
    }),
  )
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0
  const best = weightOf('gzip') > weightOf('br') ? 'gzip' : 'br'
  const plain = weights.get('identity') ?? 0
  return weightOf(best) > 0 && weightOf(best) >= plain ? best : null
}

/** A stream that compresses as fast as the answer is made, instead of as small as can be. */
export function compressor(coding: ContentCoding) {
  return coding === 'gzip'
    ? createGzip({ level: 6 })
    : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 20 } })
}
