// Keys for the rows of results. They act on the lit row. The script remembers the row's document, so that the same
// document stays lit when the ranking changes.

// Selects by the start of a class name: the rest contains the id of a document, which may be any text.
const keyed = (key) => `:is([class^="st-key-${key}"], [class*=" st-key-${key}"])`
const ROW = keyed("row-")
const COLUMN = `:is(${keyed("column-")}, ${keyed("next-")})`
const LIT = "data-lit"
const LISTENER = ".st-key-keyboard" // the page takes keys while this element exists

const state = (window.exemplarKeyboard ??= { column: null, id: null, jumps: 0, listening: null })
state.wanted ??= null // the document whose row to go to as soon as it is drawn

const columns = () => [...document.querySelectorAll(COLUMN)].filter((column) => column.querySelector(ROW))
const rows = (column) => [...column.querySelectorAll(ROW)]
// An id as a page shows it: browsers drop some characters and collapse blanks.
const legible = (id) => id?.replaceAll("\0", "").replace(/\s+/g, " ")
const idOf = (row) => legible(row.querySelector(".ex-id")?.textContent)
const rowOf = (id) => [...document.querySelectorAll(ROW)].reverse().find((row) => idOf(row) === legible(id))
const lit = () => document.querySelector(`[${LIT}]`)

function light(row, scroll) {
  for (const other of document.querySelectorAll(`[${LIT}]`)) if (other !== row) other.removeAttribute(LIT)
  if (!row) return
  row.setAttribute(LIT, "")
  row.tabIndex = -1
  if (scroll) {
    row.focus({ preventScroll: true })
    row.scrollIntoView({ block: "center", behavior: "instant" })
  }
}

function go(row) {
  state.wanted = null
  state.id = row ? idOf(row) : null
  state.column = row ? columns().indexOf(row.closest(COLUMN)) : null
  light(row, true)
}

const forget = () => (state.wanted = null) // the person has gone on

// After the page is drawn again, the document may be in another row, or in none.
function relight() {
  const wanted = state.wanted !== null && rowOf(state.wanted)
  if (wanted) return go(wanted)
  if (state.id === null) return light(null)
  const column = columns()[Math.min(state.column, columns().length - 1)]
  const row = column && rows(column).find((each) => idOf(each) === state.id)
  if (row !== lit()) light(row ?? null, Boolean(row) && document.activeElement?.matches(ROW))
}

function move(step) {
  const all = columns()
  if (!all.length) return
  const column = all[Math.min(state.column ?? all.length - 1, all.length - 1)]
  const list = rows(column)
  const place = list.indexOf(lit())
  go(list[place < 0 ? 0 : Math.min(list.length - 1, Math.max(0, place + step))])
}

function across(step) {
  const all = columns()
  const column = all[(state.column ?? 0) + step]
  if (!column) return
  const list = rows(column)
  go(list.find((row) => idOf(row) === state.id) ?? list[0])
}

const keyOf = (element, prefix) => element.className.match(new RegExp(`(?:^|\\s)st-key-${prefix}-(\\S+)`))?.[1]

// While a page is drawn, a row may already show a new document and still have the old one's buttons: don't press those.
function mark(how) {
  const row = lit()
  const place = row?.querySelector(keyed(`${how}-`))
  if (place && keyOf(place, how) === keyOf(row, "row")) place.querySelector("button")?.click()
}

const press = (key) => document.querySelector(`.st-key-${key} button:not(:disabled)`)?.click()

const ACTIONS = {
  "/": () => document.querySelector(".st-key-query_text input")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  h: () => across(-1),
  l: () => across(1),
  "+": () => mark("positive"),
  "=": () => mark("positive"),
  "-": () => mark("negative"),
  u: () => press("undo"),
  U: () => press("redo"),
  Escape: () => go(null),
}

function onKey(event) {
  if (!document.querySelector(LISTENER)) return
  relight() // the row may have been drawn again since the last frame
  forget()
  const target = event.target
  const typing = target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]")
  if (typing && event.key === "Escape") return target.blur()
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.repeat && !"jk".includes(event.key)) return
  if (target.closest?.('[role="dialog"], [role="listbox"], [role="menu"]')) return
  const action = ACTIONS[event.key]
  if (!action) return
  if (event.key !== "Escape") event.preventDefault()
  action()
}

// Every click sends the text of the boxes: more than this overloads the browser, and the server closes the connection if
// it gets far more, or a lone surrogate, with which a cut text may end.
const MOST_TYPED = 1000000 // characters; the page takes fewer, and shows a notice

function bound({ target }) {
  if (typeof target.value !== "string" || target.type === "file") return
  const cut = target.value.slice(0, MOST_TYPED)
  const fit = cut.toWellFormed?.() ?? cut
  if (fit === target.value) return
  // The setter of the prototype, as if a person had typed: React ignores values set by the element's own setter.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value").set.call(target, fit)
}

// Streamlit may run and clean up an old instance of this component after a new one has begun. So the listeners are added
// once for the page, and no instance can remove those of another.
state.listening?.abort() // ends the listeners of an earlier version, from before a restart of the app
state.listening = new AbortController()
document.addEventListener("keydown", onKey, { signal: state.listening.signal })
document.addEventListener("pointerdown", forget, { signal: state.listening.signal, capture: true })
document.addEventListener("input", bound, { signal: state.listening.signal, capture: true })
let waiting = false
new MutationObserver(() => {
  if (waiting) return
  waiting = true
  requestAnimationFrame(() => {
    waiting = false
    relight()
  })
}).observe(document.body, { childList: true, subtree: true, characterData: true })

export default function ({ data }) {
  if (data.n && data.n !== state.jumps) {
    state.jumps = data.n
    state.wanted = data.jump
    relight()
  }
}
