/** Where something will be: as high as it, so that nothing moves when it comes. */
export function Skeleton({ height }: { height: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} aria-hidden="true" />
}

/** Lines of a table that are on their way. */
export function SkeletonRows({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tbody aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row}>
          {Array.from({ length: columns }, (_, column) => (
            <td key={column}>
              <span class="skeleton line" />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  )
}
