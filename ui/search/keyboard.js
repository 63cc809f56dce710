// Keys for the rows of results. The row that they act on is the one that is lit; it is remembered by its document, so
// that it stays the same document when the ranking changes.

// What a class begins with: ids of documents are part of them too, and may hold anything.
const keyed = (key) => `:is([class^="st-key-${key}"], [class*=" st-key-${key}"])`
const ROW = keyed("row-")
const COLUMN = `:is(${keyed("column-")}, ${keyed("next-")})`
const LIT = "data-lit"
const LISTENER = ".st-key-keyboard" // the page takes keys as long as this is part of it

const state = (window.exemplarKeyboard ??= { column: null, id: null, jumps: 0, listening: null })

const columns = () => [...document.querySelectorAll(COLUMN)].filter((column) => column.querySelector(ROW))
const rows = (column) => [...column.querySelectorAll(ROW)]
// An id as a page shows it: a browser drops some signs, and draws blanks together.
const legible = (id) => id?.replaceAll("\0", "").replace(/\s+/g, " ")
const idOf = (row) => legible(row.querySelector(".ex-id")?.textContent)
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
  state.id = row ? idOf(row) : null
  state.column = row ? columns().indexOf(row.closest(COLUMN)) : null
  light(row, true)
}

// After the page has been drawn anew the document may stand in another row, or be gone.
function relight() {
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

// While a page is drawn a row may show a document already and still have another's buttons; those are not pressed.
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
  const target = event.target
  const typing = target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]")
  if (typing && event.key === "Escape") return target.blur()
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.repeat && !"jk".includes(event.key)) return
  if (target.closest?.('[role="dialog"], [role="listbox"], [role="menu"]')) return
  const action = ACTIONS[event.key]
  if (!action) return
  if (event.key !== "Escape") event.preventDefault()
  relight() // the row may have been drawn anew since the last frame
  action()
}

// A row of the page that is asked for may not be drawn yet.
function jump(id, patience = 40) {
  const found = [...document.querySelectorAll(ROW)].reverse().find((row) => idOf(row) === legible(id))
  if (found) go(found)
  else if (patience) setTimeout(jump, 50, id, patience - 1)
}

// What is typed or pasted is sent with every click: more than this keeps the browser busy, and far more is refused by
// closing the connection. So is half of a surrogate pair, as the end of a text that was cut may be.
const MOST_TYPED = 1000000 // characters; the page itself takes fewer, and says so

function bound({ target }) {
  if (typeof target.value !== "string" || target.type === "file") return
  const cut = target.value.slice(0, MOST_TYPED)
  const fit = cut.toWellFormed?.() ?? cut
  if (fit === target.value) return
  // As if it had been typed like this: React overlooks what is set by the element's own setter.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value").set.call(target, fit)
}

// Streamlit may run and clean up an old instance of this component after a new one has begun. So the page is listened to
// once and for all, and no instance can take that from another.
state.listening?.abort() // by an earlier version of this script, before the app was restarted
state.listening = new AbortController()
document.addEventListener("keydown", onKey, { signal: state.listening.signal })
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
    jump(data.jump)
  }
}
