import { go, hrefWith } from '../location.js'
import { paramsOf, presets, type Range, usualPreset } from '../range.js'
import { texts } from '../texts.js'
import { Choice } from './choice.js'
import { RangeEnds } from './range-ends.js'

const options = [
  ...presets.map((value) => ({ value, text: texts.range.presets[value] })),
  { value: 'custom' as const, text: texts.range.custom },
]

/** Which time is looked at. It is in the address, so that Back goes back. */
export function RangePicker({ range }: { range: Range }) {
  const choose = (value: (typeof options)[number]['value']) =>
    go(
      value === 'custom'
        ? hrefWith(paramsOf(range.from, range.to))
        : hrefWith({ from: undefined, to: undefined, range: value === usualPreset ? undefined : value }),
    )
  return (
    <div class="range-picker">
      <Choice label={texts.range.label} options={options} value={range.preset ?? 'custom'} onChoose={choose} />
      {range.preset === null && <RangeEnds range={range} />}
    </div>
  )
}
