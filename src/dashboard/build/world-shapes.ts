import { createRequire } from 'node:module'
import { geoArea, geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo'
import iso from 'iso-3166-1'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { Plugin } from 'vite'

const require = createRequire(import.meta.url)
const id = 'virtual:world-shapes'
const width = 960
const height = 470

/**
 * The module `virtual:world-shapes`: the countries of Natural Earth (public domain, through world-atlas) as SVG paths of a map of
 * 960 x 470, by their ISO 3166-1 code. Drawn here, so that browsers need neither the geometry nor the projection.
 */
export function worldShapes(): Plugin {
  return {
    name: 'world-shapes',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (source) => (source === `\0${id}` ? `export default ${JSON.stringify(shapes())}` : undefined),
  }
}

function shapes() {
  const coarse = countries('110m').filter(({ code }) => code !== 'AQ')
  const projection = geoNaturalEarth1().fitExtent(
    [
      [4, 4],
      [width - 4, height - 4],
    ],
    { type: 'FeatureCollection', features: coarse.map(({ shape }) => shape) },
  )
  const path = geoPath(projection).digits(1)
  const drawn = new Set(coarse.map(({ code }) => code))
  // Too small for the coarse map: a dot where they are.
  const small = countries('50m').filter(({ code, shape }) => code !== '' && !drawn.has(code) && geoArea(shape) > 0)
  return {
    width,
    height,
    paths: coarse.map(({ code, shape }) => [code, path(shape) ?? '']),
    dots: small.flatMap(({ code, shape }) => {
      const at = projection(geoCentroid(shape))
      return at === null ? [] : [[code, ...at.map((n) => Math.round(n * 10) / 10)]]
    }),
  }
}

function countries(scale: '110m' | '50m') {
  const topology = require(`world-atlas/countries-${scale}.json`) as Topology<{ countries: GeometryCollection }>
  return feature(topology, topology.objects.countries).features.map((shape) => {
    return { code: iso.whereNumeric(String(shape.id ?? '').padStart(3, '0'))?.alpha2 ?? '', shape }
  })
}
