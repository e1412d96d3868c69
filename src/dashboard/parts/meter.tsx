/** How much of a whole, in words and as a bar. */
export function Meter({ part, whole, text }: { part: number; whole: number; text: string }) {
  return (
    <div class="meter">
      <span>{text}</span>
      <div class="meter-bar" aria-hidden="true">
        <div style={{ width: `${whole === 0 ? 0 : (100 * part) / whole}%` }} />
      </div>
    </div>
  )
}
