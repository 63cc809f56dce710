// The view Screen: one list to read to its end, its lit row open. A part of the module lists.js.
// What is marked leaves at once, and the next unread row takes its place. A new ranking changes only what stands behind
// the lit row, so that no row moves that a person reads or has skipped. After a reload the same row is lit.

const [PLACES, MOST_PLACES] = ["exemplar-places", 20] // where the lit row of each place is stored, and of how many

const isScreen = () => state.data?.view === "screen"

/** Returns a list with its rows in another order. */
function reordered(list, rows) {
  const at = new Map(list.rows.map((row, index) => [row, index]))
  const follow = (values) => rows.map((row) => values[at.get(row)])
  return { ...list, rows, shares: follow(list.shares), there: follow(list.there), compared: follow(list.compared) }
}

/** Returns the unread rows of a list: those above the lit row as they are shown, this row, and the others by rank. */
function screened(list, shown) {
  const isUnread = (row) => verdictOf(row) === null || isFailed(actOf(row) ?? {})
  const isThere = (row) => isUnread(row) && (list.rows.length < list.total || list.rows.includes(row))
  const isNew = shown?.from !== list
  const lit = [state.lit?.row].filter((row) => Number.isInteger(row) && isThere(row))
  const above = shown ? shown.rows.slice(0, Math.max(0, shown.rows.indexOf(lit[0]))) : []
  const fixed = new Set([...above.filter(isThere), ...lit])
  const rows = (isNew ? [...fixed, ...list.rows.filter((row) => !fixed.has(row))] : shown.rows).filter(isUnread)
  return isNew || rows.length < shown.rows.length ? { ...reordered(list, rows), from: list } : shown
}

/** Takes the last step back, and lights its row at once: whoever marks before the server answers means this one. */
function stepBack() {
  const steps = [...state.data.returns]
  for (const { act, rows } of state.acts.filter(isOurs))
    if (act === "mark") steps.push(rows[0].id)
    else if (act === "undo") steps.pop()
  const row = [...state.known.keys()].find((each) => idOf(each) === steps.at(-1))
  if (!isScreen() || row === undefined) return record({ act: "undo" })
  const [side, at] = [sides()[0], state.lit?.index ?? 0]
  record({ act: "undo", verdict: null, rows: [{ id: idOf(row) }] })
  const { from } = state.lists[side]
  const others = rowsOf(side).filter((each) => each !== row)
  state.lists[side] = { ...reordered(from, [...others.slice(0, at), row, ...others.slice(at)]), from }
  light(side, row)
}

function places() {
  try {
    return JSON.parse(sessionStorage.getItem(PLACES)) ?? {}
  } catch {
    return {} // no one can read them
  }
}
function keepPlace() {
  const [{ place }, row] = [state.data, state.lit?.row]
  if (!isScreen() || !Number.isInteger(row) || state.kept === `${place} ${row}`) return
  state.kept = `${place} ${row}`
  const { [place]: _, ...others } = places()
  const kept = [...Object.entries(others).slice(1 - MOST_PLACES), [place, row]]
  try {
    sessionStorage.setItem(PLACES, JSON.stringify(Object.fromEntries(kept)))
  } catch {} // full or forbidden: a reload begins at the top
}
function keptPlace() {
  const row = isScreen() ? places()[state.data.place] : null
  return Number.isInteger(row) ? { side: state.data.lists.length - 1, row, index: 0 } : null
}

/** Draws what may be claimed of what is left; reads it out when it is another claim, or after every tenth mark. */
function renderClaim() {
  const { claim } = state.data
  ui.claim.hidden = !claim
  if (!claim) return
  setText(ui.sentence, claim.sentence)
  setText(ui.needs, claim.needs)
  if (ui.claim.dataset.told !== (ui.claim.dataset.told = claim.told))
    setText(ui.told, `Progress: ${state.data.counted}. ${claim.sentence}`)
}
