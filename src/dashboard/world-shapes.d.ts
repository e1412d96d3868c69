declare module 'virtual:world-shapes' {
  const shapes: {
    width: number
    height: number
    /** Country code and SVG path; the code is '' where there is none. */
    paths: [code: string, path: string][]
    /** Countries too small to be drawn. */
    dots: [code: string, x: number, y: number][]
  }
  export default shapes
}
