/** One look into a table, as PostgreSQL planned and ran it. */
export interface TableAccess {
  table: string
  /** By what it found rows: the conditions of the plan's node, with AND between them; '' when it took all. */
  condition: string
  /** The statement; for those of triggers and foreign keys, theirs. */
  text: string
}

/**
 * Settings of a PostgreSQL that tells its clients the plan of each statement they run, those of triggers and foreign keys
 * included (auto_explain). Joins are nested loops there and tables are read by an index, so that what a table is asked for
 * stands at the table.
 */
export const tellPlans = [
  'session_preload_libraries=auto_explain',
  'auto_explain.log_min_duration=0',
  'auto_explain.log_nested_statements=on',
  'auto_explain.log_format=json',
  'auto_explain.log_level=notice',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
]

/** What a notice of auto_explain tells; nothing for other notices. */
export function accessesOf(message: string): TableAccess[] {
  const at = message.indexOf('plan:\n')
  if (at < 0) return []
  const { Plan: plan, 'Query Text': text } = JSON.parse(message.slice(at + 6)) as {
    Plan: PlanNode
    'Query Text': string
  }
  return nodesOf(plan).flatMap(({ node, joinFilter }) => {
    const table = node['Relation Name']
    if (table === undefined || node['Node Type'] === 'ModifyTable') return []
    // What a join asks of the table, where PostgreSQL did not look it up by that.
    const joined = joinFilter?.includes(`${node.Alias}.`) ? joinFilter : undefined
    const conditions = [node['Index Cond'], node['Recheck Cond'], node.Filter, joined].filter(
      (one) => one !== undefined,
    )
    return { table, condition: conditions.join(' AND '), text }
  })
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  Alias?: string
  'Join Filter'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Filter?: string
  Plans?: PlanNode[]
}

/** Each node, with what the join above it compares. */
function nodesOf(node: PlanNode, joinFilter?: string): { node: PlanNode; joinFilter: string | undefined }[] {
  return [{ node, joinFilter }, ...(node.Plans ?? []).flatMap((below) => nodesOf(below, node['Join Filter']))]
}
