// Draws the lists of the page Search. The frame, a component drawn once, runs this script; the feed is drawn with every
// ranking, sets `window.exemplarFeed = {data, send}` and calls `window.exemplarLists.draw()`. Both may be mounted anew
// at any time, so whatever must outlive that is on `window`. What a person does changes `state`; `render` draws it and
// says what the server does not know. Texts of documents are textContent, title or aria-label, never HTML or style.
// An act (a mark, a note, an undo) is unconfirmed until data says that the server has dealt with it. Streamlit passes
// on only the newest message, and one may get lost: each has every unconfirmed act, with a key that makes it safe to
// repeat, and a copy in sessionStorage outlives a reload. The same module goes on in open_row.js and screen.js.

const HEIGHTS = { dense: 52, comfortable: 92 } // pixels of a row: 14 or 8 whole ones in a window of 900 pixels
const [NARROW, WIDE] = [700, 1700] // pixels: below, one list is shown; from, the open text has a column of its own
const [SPARE, NEAR_END, BATCH] = [2, 10, 25] // rows drawn around those in view; left when more are loaded; loaded then
const ANSWER_WITHIN = 4_000 // milliseconds, after which a message that has no answer is sent again
const RETRIES = [5_000, 60_000] // milliseconds, after which a failed act is sent again: at first, and at most
const QUIET = 300 // milliseconds, during which the page does not mention that it saves
const MOST_TYPED = 1_000_000 // characters; the page takes fewer, and shows a notice
const STORE = "exemplar-acts"
const MARKS = { positive: ["+", "relevant"], negative: ["−", "not relevant"], unsure: ["?", "unsure"] }

const ARRIVED = {
  lists: [], // as shown: an order may be held back
  lit: null, // {side, row, index}
  goes_on: null, // where to go on if the row that a mark lit has left the window
  open: null, opened: null, // {side, row}, and its text
  hold: null, // {side, row}: the row under the pointer, marked by mouse
  range: null, marked: null, // {side, row}: where a range begins; {side, row, index}: what was marked last
  shown: BATCH, scroll: 0, // rows of each list that the server is to send; pixels
}
const letter = (byte) => "abcdefghijklmnopqrstuvwxyz"[byte % 26]
const state = (window.exemplarListsState ??= {
  ...ARRIVED,
  tab: Array.from(crypto.getRandomValues(new Uint8Array(12)), letter).join(""), // fresh: a tab may be duplicated
  acts: stored(), n_keys: 0, // unconfirmed, oldest first
  latest: new Map(), // the newest unconfirmed mark of each document of this session, by id
  since: 0, // when an act was confirmed last, or the first of the acts was made
  owes: false, // whether to send the acts, though the server knows all else
  message: 0, sent_at: 0, waits: false, // the newest message: its number, when, whether it waits for an answer
  said: "", asked: new Set(), // what the server knows of `wish()`, and the rows that the newest message asked for
  timer: 0, retry: RETRIES[0], n_silent: 0, // how often in a row a message had no answer
  rerun: null, // lets the whole page run
  data: null, known: new Map(), // the newest; documents by row
  side: null, listening: null, sizes: null, // the list that a narrow window shows; the listeners' end; the observer
})
let ui = null // the elements of the frame

// ---- acts and messages ----
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)).filter((act) => typeof act?.key === "string")
  } catch {
    return [] // there are none, or no one can read them
  }
}
function store() {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(state.acts))
  } catch {} // full or forbidden: the acts are still in memory, and are sent all the same
  state.latest.clear()
  for (const act of state.acts.filter(isOurs)) for (const { id } of act.rows ?? []) state.latest.set(id, act)
}

const isFailed = ({ key }) => Object.hasOwn(state.data.failed, key)
const isOurs = (act) => act.session === state.data?.session && act.corpus_id === state.data.corpus_id
const ourLast = (kind, fits = () => true) => state.acts.findLast((act) => act.act === kind && isOurs(act) && fits(act))

function record(fields) {
  const { session, corpus_name: corpus, corpus_id } = state.data
  if (!state.acts.length) state.since = performance.now()
  state.acts.push({ key: `${state.tab}-${++state.n_keys}`, session, corpus, corpus_id, ...fields })
  state.owes = true
  store()
  setTimeout(render, QUIET)
}
const lacks = () => Boolean(state.open && !state.opened)
const listed = () => new Set([...state.data.lists, ...state.lists].flatMap(({ rows }) => rows))
const need = () => [...listed()].filter((row) => !state.known.has(row))
const wish = (open = state.open?.row ?? null, n = state.shown) => ({ place: state.data.place, open, shown: [n, n] })
function say() {
  clearTimeout(state.timer)
  if ((state.owes = !isShown() || !window.exemplarFeed)) return
  const message = { message: ++state.message, tab: state.tab, ...wish(), lacks: lacks(), need: need() }
  const [said, asked] = [JSON.stringify(wish()), new Set(message.need)]
  Object.assign(state, { sent_at: performance.now(), waits: true, said, asked })
  state.timer = setTimeout(sayAgain, ANSWER_WITHIN)
  try {
    window.exemplarFeed.send({ ...message, acts: structuredClone(state.acts) })
  } catch (error) {
    console.error(error) // the timer tries again
  }
}

/** Says what had no answer again. A server that has begun anew hears nothing of the feed until the whole page runs. */
function sayAgain() {
  if (!state.rerun || ++state.n_silent % 2) return say()
  Object.assign(state, { owes: true, timer: setTimeout(sayAgain, ANSWER_WITHIN) })
  state.rerun()
}

function draw() {
  const data = window.exemplarFeed?.data
  if (!data || !ui) return
  const isRestart = state.data?.started !== data.started // then drawings count from 1 again
  if (!isRestart && data.drawing < state.data.drawing) return // it comes late
  if (isRestart || data.drawing > state.data.drawing) take(data, isRestart)
  else state.owes ||= performance.now() - state.sent_at > 1_000 // the feed was mounted anew: the message may be lost
  render()
}

function take(data, isRestart) {
  const isElsewhere = data.place !== state.data?.place
  if (state.data && isElsewhere) closeNote(true) // as an act of the session in which it was written
  if (data.corpus !== state.data?.corpus) state.known.clear()
  for (const [row, known] of Object.entries(data.rows)) state.known.set(Number(row), known)
  const acts = state.acts.filter(({ key }) => !data.confirmed.includes(key))
  const isProgress = acts.length < state.acts.length
  if (isProgress) state.since = performance.now()
  Object.assign(state, { data, acts, owes: state.owes || isRestart }, isElsewhere ? ARRIVED : {})
  store()
  if (isElsewhere) Object.assign(state, { lit: keptPlace() }, (ui.scroll.scrollTop = 0))
  if (isElsewhere || isRestart) state.said = JSON.stringify(wish(null, BATCH)) // what the server presumes
  if (data.opened && data.opened.row === state.open?.row) state.opened = data.opened
  refresh()
  if (!state.waits || data.tab !== state.tab || data.answered !== state.message) return
  const isOpen = acts.length || lacks() || need().length // so it is sent again: what failed, or did not come
  state.owes ||= isProgress && !acts.every(isFailed) // there were more than the server takes at a time
  clearTimeout(state.timer)
  if (isOpen) state.timer = setTimeout(say, state.retry)
  const retry = isOpen ? Math.min(2 * state.retry, RETRIES[1]) : RETRIES[0]
  Object.assign(state, { waits: false, n_silent: 0, retry })
}

/** Takes new orders, but for a list whose row the pointer is on that it marked, or in which a note is written. */
function refresh() {
  const { lists, hold, open, data } = state
  const isHeld = (side) => hold?.side === side || (open?.side === side && !ui.editor.hidden)
  const isSame = lists.length === data.lists.length
  const follow = (list, shown) => (isScreen() ? screened(list, shown) : list)
  state.lists = data.lists.map((list, side) => (isSame && isHeld(side) ? lists[side] : follow(list, lists[side])))
  if (!isSame || lists.some((list, side) => list !== state.lists[side])) relight()
}

/** Keeps a row lit after its list has changed: the same document, or one at its height. */
function relight() {
  const follows = isFollowing()
  const isGone = (place) => place && indexOf(place.side, place.row) < 0
  if (isGone(state.range)) state.range = null
  if (isGone(state.open)) setOpen(null)
  if (isScreen()) state.lit ??= { side: state.lists.length - 1, row: null, index: 0 }
  if (!state.lit) return
  const { side, row, index } = state.lit
  const [at, last] = [indexOf(side, row), clamp(state.goes_on ?? index, side)]
  const stays = at >= 0 && (isScreen() || state.goes_on === null || isInView(side, at))
  const next = stays ? at : [unmarkedFrom(side, last), unmarkedFrom(side, 0), last].find((each) => each >= 0) ?? -1
  ui.focuses ||= next !== at && ui.lists[side].items.get(row) === document.activeElement
  state.lit = next < 0 ? null : { side, row: rowsOf(side)[next], index: next }
  if (follows) setOpen(state.lit)
}

const idOf = (row) => state.known.get(row)?.id
const idAndHash = (row) => ({ id: idOf(row), hash: state.known.get(row)?.hash })
const nameOf = (row) => state.known.get(row)?.title || state.known.get(row)?.name || idOf(row) || "…"
const actOf = (row) => state.latest.get(idOf(row))
const noted = (row) => ourLast("note", ({ id }) => id === idOf(row))
const noteOf = (row) => noted(row)?.text ?? state.data.notes[row] ?? ""
const reasonOf = (row) => noted(row)?.reason ?? state.data.reasons[row] ?? "" // why it is not relevant
const aboutOf = (row) => [reasonOf(row), noteOf(row)].filter(Boolean).join(": ")
const savedOf = (row) => state.data.marks[row] ?? state.data.left[row] ?? null // left: those of a list that is held
const verdictOf = (row) => (actOf(row) ?? { verdict: savedOf(row) }).verdict // what the person last said
const { format: number } = new Intl.NumberFormat("en-US")

const rowsOf = (side) => state.lists[side]?.rows ?? []
const nOf = (side) => rowsOf(side).length
const indexOf = (side, row) => rowsOf(side).indexOf(row)
const clamp = (index, side) => Math.min(nOf(side) - 1, Math.max(0, index)) // -1 in an empty list
const unmarkedFrom = (side, index) => rowsOf(side).findIndex((row, at) => at >= index && verdictOf(row) === null)
const isWide = () => ui.size === "wide"
const isFollowing = () => isScreen() || Boolean(state.open && isWide()) // the open row is the lit one
const height = () => HEIGHTS[state.data.height] ?? HEIGHTS.dense
const openAt = (side) => (state.open?.side === side && ui.openHeight ? indexOf(side, state.open.row) : Infinity)
const yOf = (side, index) => index * height() + (index > openAt(side) ? ui.openHeight : 0)
function indexAt(side, y) {
  const isBelow = y >= yOf(side, openAt(side) + 1)
  return isBelow ? Math.floor((y - ui.openHeight) / height()) : Math.min(Math.floor(y / height()), openAt(side))
}
// The first and the last index that stand within a stretch of pixels, all or in part.
const span = (side, from, to) => [clamp(indexAt(side, from), side), Math.min(clamp(Infinity, side), indexAt(side, to))]
const spanOfWhole = (side) => span(side, ui.from + height() - 1, ui.from + ui.high - height())
const isInView = (side, index) => yOf(side, index) >= ui.from && yOf(side, index + 1) <= ui.from + ui.high
function reveal({ side, index }) {
  const to = Math.min(yOf(side, index), Math.max(ui.from, yOf(side, index + 1) - ui.high)) // it may be higher
  if (to !== ui.from) state.scroll = ui.from = ui.scroll.scrollTop = to // the event that tells of it comes later
}
function sides() {
  const all = [...state.lists.keys()]
  if (isScreen() || (ui.size === "narrow" && !all.includes(state.side))) return all.slice(-1)
  return ui.size === "narrow" ? [state.side] : all
}

function loadMore() {
  for (const side of sides()) {
    const reached = Math.max(indexAt(side, ui.from + ui.high), state.lit?.side === side ? state.lit.index : 0)
    const isNearEnd = nOf(side) < state.lists[side].total && reached >= nOf(side) - NEAR_END
    if (isNearEnd) state.shown = Math.max(state.shown, nOf(side) + BATCH) // a server that has no more is asked once
  }
}

// ---- drawing ----
function build(root, { content }) {
  root.replaceChildren(content.cloneNode(true)) // a constant: no data has a part in it
  const all = (selector) => [...root.querySelectorAll(selector)]
  ui = Object.fromEntries(all("[data-part]").map((part) => [part.dataset.part, part]))
  const heads = all(".exl-title-line").map((line) => [line, ...line.children])
  const lists = all(".exl-list").map((box) => ({ box, items: new Map(), range: [0, -1] }))
  // `openHeight`: what the open row adds to its list; `scrolls`, `focuses`: what the next drawing does with the lit row
  Object.assign(ui, { root, heads, lists, openHeight: 0, scrolls: false, focuses: false, from: 0, high: 0 })
  for (const part of [ui.row, ui.open]) part.remove()
  ui.scroll.addEventListener("scroll", () => render((state.scroll = ui.scroll.scrollTop)))
  state.sizes?.disconnect()
  state.sizes = new ResizeObserver(render)
  for (const each of [ui.scroll, root.closest(".stMainBlockContainer")]) if (each) state.sizes.observe(each)
}

function el(tag, properties, ...content) {
  const element = Object.assign(document.createElement(tag), { dir: "auto" }, properties)
  element.append(...content)
  return element
}
// A text that is set anew would be read out again.
const setText = (element, text) => element.textContent === text || (element.textContent = text)
const isShown = () => Boolean(ui?.root.isConnected && !ui.root.hidden) // else another page is shown, or no query

/** Reads the page's sizes, before anything changes: to read one later would have the browser lay out the page anew. */
function measure() {
  const [{ root, scroll }, main] = [ui, ui.root.closest("[data-testid=stMain]")]
  const top = main ? Math.ceil(root.getBoundingClientRect().top + main.scrollTop) : 80
  const size = root.clientWidth < NARROW ? "narrow" : root.clientWidth < WIDE ? "normal" : "wide"
  Object.assign(ui, { size, top, from: scroll.scrollTop, high: scroll.clientHeight })
}

function render() {
  if (!isShown() || !state.data) return
  measure()
  refresh()
  const hadFocus = ui.root.contains(document.activeElement)
  // A question above the lists makes them lower. Variables that are set anew have every element styled anew.
  const style = `--exl-row: ${height()}px; --exl-top: ${ui.top}px;`
  if (ui.root.style.cssText !== style) ui.root.style.cssText = style
  const { height: rows, filtered, view } = state.data
  const is = { size: ui.size, height: rows, filtered: Boolean(filtered), view, lists: sides().length }
  Object.assign(ui.root.dataset, is)
  const before = (ui.openHeight = state.open && !isWide() ? ui.openHeight : 0)
  renderBar()
  ui.heads.forEach(renderHead)
  ui.lists.forEach(renderRows)
  renderOpen()
  if (ui.openHeight !== before) ui.lists.forEach(renderRows)
  if (ui.scrolls && state.lit) reveal(state.lit)
  renderGutter()
  if (ui.focuses || (hadFocus && !ui.root.contains(document.activeElement))) focusLit()
  Object.assign(ui, { scrolls: false, focuses: false })
  loadMore()
  keepPlace()
  nameView()
  const isNew = JSON.stringify(wish()) !== state.said || need().some((row) => !state.asked.has(row))
  if (isNew || (state.owes && state.acts.length)) say()
}

function renderBar() {
  const { undo, redo, fold, n_marked, agreement } = state.data
  const pending = state.acts.filter((act) => !isFailed(act))
  const isSlow = pending.length && performance.now() - state.since >= QUIET
  for (const part of ["counted", "alert", "status", "news"]) setText(ui[part], state.data[part])
  setText(ui.saving, isSlow ? `· saving ${pending.reduce((sum, { rows }) => sum + (rows?.length ?? 1), 0)}` : "")
  ui.undo.ariaDisabled = !(undo || pending.length)
  ui.redo.ariaDisabled = !(redo || ourLast("undo"))
  ui.isFolded = ourLast("fold")?.on ?? fold
  renderClaim()
  const fold_text = `${n_marked}: ${ui.isFolded ? "show" : "hide"}`
  Object.assign(ui.fold, { hidden: !n_marked || isScreen(), textContent: fold_text })
  Object.assign(ui.agreement, { textContent: agreement[0], title: agreement[1] })
  ui.tabs.hidden = ui.size !== "narrow" || state.lists.length < 2 || isScreen()
  const side = sides().includes(state.lit?.side) ? state.lit.side : sides().at(-1)
  const [first, end] = spanOfWhole(side).map((index) => number(index + 1))
  setText(ui.stretch, nOf(side) ? `rows ${first}–${end} of ${number(state.lists[side].total)}` : "")
}

function renderHead([line, title, picker, small], side) {
  const [tab, list] = [ui.tabs.children[side], state.data.lists[side]]
  line.hidden = !sides().includes(side)
  if (!list) return
  for (const place of [title, tab]) setText(place, list.title)
  setText(small, list.small)
  title.title = list.help
  tab.ariaPressed = !line.hidden
  if (picker.length !== list.choices.length) // else an open picker would close
    picker.replaceChildren(...list.choices.map(([value, name]) => el("option", { value }, name)))
  picker.value = ourLast("ranker", (act) => act.side === list.side)?.ranker ?? list.ranker
  picker.ariaLabel = sides().length === 1 ? "Ranker" : `Ranker of the ${side ? "right" : "left"} list`
}

function renderRows({ box, items }, side) {
  const [[ul, empty], list] = [box.children, state.lists[side]]
  box.hidden = !sides().includes(side)
  const rows = box.hidden ? [] : list.rows
  const room = SPARE * height()
  const [first, last] = rows.length ? span(side, ui.from - room, ui.from + ui.high + room) : [0, -1]
  ui.lists[side].range = [first, last]
  // The lit row and the open one stay in the page when they are out of view, for the focus or a note may be there.
  const kept = [state.lit, state.open].map((each) => (each?.side === side ? each.row : null))
  const drawn = [...rows.keys()].filter((at) => (at >= first && at <= last) || kept.includes(rows[at]))
  for (const [row, li] of items) if (!drawn.includes(indexOf(side, row))) li.remove() ?? items.delete(row)
  if (box.hidden) return
  setText(empty, list.empty)
  ul.ariaLabel = list.title
  ul.style.height = `${yOf(side, rows.length)}px`
  const [lit, begin] = [state.lit, state.range].map((each) => (each?.side === side ? each : null))
  const ends = begin && lit ? [indexOf(side, begin.row), lit.index].sort((a, b) => a - b) : [1, 0]
  const stop = lit?.index ?? spanOfWhole(side)[0] // the list's one stop of the Tab key
  let next = ul.firstChild
  for (const index of drawn) {
    const li = items.get(rows[index]) ?? ui.row.cloneNode(true)
    items.set(rows[index], li)
    if (li.y !== (li.y = yOf(side, index))) li.style.transform = `translateY(${li.y}px)`
    if (li === next) next = li.nextSibling
    else if (li.parentNode && ul.moveBefore) ul.moveBefore(li, next) // keeps focus, transition and scrolled text
    else ul.insertBefore(li, next)
    paintRow(li, list, index)
    li.tabIndex = index === stop ? 0 : -1
    li.toggleAttribute("data-lit", lit?.index === index)
    li.toggleAttribute("data-range", index >= ends[0] && index <= ends[1])
  }
}

function paintRow(li, list, index) {
  const [row, here, there, share] = [list.rows[index], index + 1, list.there[index], list.shares[index]]
  const [known, act, verdict, note] = [state.known.get(row), actOf(row), verdictOf(row), aboutOf(row)]
  const [failure, compared] = [state.data.failed[act?.key], list.compared[index] ?? ""]
  const [isOpposed, isFresh] = [state.data.opposed.includes(row), list.fresh.includes(row)]
  Object.assign(li, { ariaPosInSet: here, ariaSetSize: list.total, ariaBusy: Boolean(act) })
  const shown = JSON.stringify([known, here, compared, share, verdict, note, act?.key, failure, isOpposed, isFresh])
  if (li.shown === shown) return
  li.shown = shown
  const [name, [rank, sign, head, text, bar, plus, minus]] = [nameOf(row), li.children]
  setText(rank, number(here))
  setText(sign, !there ? "" : there === here ? "=" : there > here ? "▲" : "▼")
  sign.title = compared
  const badge = (kind, textContent, title = "") => textContent && { className: `exl-${kind}`, title, textContent }
  const labels = known?.labels ?? []
  const badges = [
    badge("title", name, known?.id), badge("failed", failure && "not saved", failure),
    badge("new", isFresh && "NEW", "This list did not have it before the last mark"),
    ...labels.slice(0, 2).map((label) => badge("label", label, label)),
    badge("label", labels.length > 2 && `+${labels.length - 2}`, labels.slice(2).join(", ")),
    badge("hint", known?.copies > 1 && `${known.copies} copies`), badge("hint", known?.near && "nearly the same"),
    badge("hint", isOpposed && "marked in different ways"), badge("hint", note && "✎", note),
  ]
  if (head.shown !== (head.shown = JSON.stringify(badges)))
    head.replaceChildren(...badges.filter(Boolean).map((each) => el("span", each)))
  setText(text, known?.text ?? "")
  setText(bar, `${share ?? ""}`)
  bar.style.setProperty("--exl-share", `${Number(share) || 0}%`)
  const marked = isOpposed ? "marked in different ways" : verdict && `marked ${MARKS[verdict][1]}`
  li.ariaLabel = [here, name, compared, marked, failure && "not saved"].filter(Boolean).join(", ")
  Object.assign(li.dataset, { row, mark: verdict ?? "" })
  const press = (each) => ({ ariaPressed: verdict === each.dataset.do, ariaLabel: `${each.title}: ${name}` })
  for (const each of [plus, minus]) Object.assign(each, press(each))
}

/** Joins by a curve what both lists show; a dot is at what the other list does not have among its first rows. */
function renderGutter() {
  const curves = {}
  const middle = (side, index) => yOf(side, index) + height() / 2
  for (const side of sides().length < 2 ? [] : [0, 1])
    for (let [index, last] = ui.lists[side].range; index <= last; index++) {
      const { rows, there } = state.lists[side]
      const [y, other] = [middle(side, index), indexOf(1 - side, rows[index])]
      if (other < 0 && there[index] === 0) curves.dot = `${curves.dot ?? ""}M${side ? 58 : 6} ${y}h0`
      if (side === 1 || other < ui.lists[1].range[0] || other > ui.lists[1].range[1]) continue
      const kind = state.lit?.row === rows[index] ? "lit" : (verdictOf(rows[index]) ?? "none")
      curves[kind] = `${curves[kind] ?? ""}M0 ${y}C32 ${y} 32 ${middle(1, other)} 64 ${middle(1, other)}`
    }
  for (const path of ui.gutter.children) path.setAttribute("d", curves[path.dataset.kind] ?? "")
  ui.gutter.style.height = `${Math.max(0, ...state.lists.map(({ rows }, side) => yOf(side, rows.length)))}px`
}

// ---- what a person does ----
function light(side, row, { scrolls = true, focuses = true, goes_on = null } = {}) {
  if (Number(ui.open.dataset.row) !== row) closeNote(true)
  Object.assign(state, { lit: { side, row, index: indexOf(side, row) }, goes_on, side })
  Object.assign(ui, { scrolls, focuses })
  if (isFollowing()) setOpen(state.lit)
}
function go(side, index) {
  if (nOf(side)) light(side, rowsOf(side)[clamp(index, side)])
  state.hold = null
}
function move(step) {
  const side = state.lit?.side ?? sides().at(-1)
  go(side, state.lit ? state.lit.index + step : spanOfWhole(side)[0])
}
function across(side) {
  if (state.lists.length < 2 || isScreen() || state.lit?.side === side) return
  const at = indexOf(side, state.lit?.row)
  go(side, at < 0 ? (state.lit?.index ?? 0) : at)
}

/** Marks the rows from one to another, or takes their marks back if all have this one; says whether it could. */
function mark({ side, row }, verdict, from = row) {
  const [first, last] = [indexOf(side, from), indexOf(side, row)]
  const between = first < 0 ? [row] : rowsOf(side).slice(Math.min(first, last), Math.max(first, last) + 1)
  const known = (first > last ? between.reverse() : between).filter((each) => state.known.has(each))
  const others = known.filter((each) => verdictOf(each) !== verdict)
  const describe = (each) => ({ ...idAndHash(each), list: state.lists[side].ranker, rank: indexOf(side, each) + 1 })
  const rows = (others.length ? others : known).map(describe)
  if (!rows.length) return false
  record({ act: "mark", verdict: others.length ? verdict : null, rows })
  state.marked = { side, row, index: first < 0 ? last : Math.min(first, last) }
  return true
}

/** Returns the row where a range to another one begins: the last marked, or its neighbour if it is folded away. */
function beginOfRange(side, row) {
  const { marked } = state
  if (marked?.side !== side || indexOf(side, marked.row) >= 0) return marked?.row
  return rowsOf(side)[clamp(marked.index - (indexOf(side, row) < marked.index), side)]
}
function markLit(verdict) {
  if (!state.lit) return
  const [{ side, row, index }, { range }] = [state.lit, state]
  const isTakenBack = !range && verdictOf(row) === verdict
  // Whoever marks more quickly than rows come means the next one, and not the last one again.
  if (isTakenBack && actOf(row) && unmarkedFrom(side, index) < 0 && nOf(side) < state.lists[side].total) return
  if (!mark(state.lit, verdict, range?.side === side ? range.row : row)) return
  Object.assign(state, { range: null, hold: null })
  refresh()
  const at = indexOf(side, row)
  const next = unmarkedFrom(side, at < 0 ? index : at + 1)
  if (next >= 0 && !isTakenBack) light(side, rowsOf(side)[next], { goes_on: index })
}
function toggleOpen({ side, row }) {
  const isOpen = !isScreen() && state.open?.row === row && state.open.side === side
  setOpen(isOpen ? null : { side, row })
  light(side, row)
}
const step = (act) => ui[act].ariaDisabled !== "true" && (act === "undo" ? stepBack() : record({ act }))
const like = (row) => state.known.has(row) && record({ act: "like", ...idAndHash(row) })
function leave() {
  closeNote(true)
  const none = isScreen() ? {} : { lit: null, goes_on: null, open: null, opened: null }
  Object.assign(state, { range: null, hold: null, ...none })
  ui.scroll.focus({ preventScroll: true })
}
function nextView() {
  const buttons = [...document.querySelectorAll(".st-key-view button")]
  const now = buttons.findIndex((each) => each.matches("[data-selected], [aria-pressed=true], [aria-checked=true]"))
  buttons[(now + 1) % buttons.length]?.click()
}
/** Writes the view into the address, so that a reload shows it; not as another entry of the history. */
function nameView() {
  const [url, { view }] = [new URL(location), state.data]
  if ((url.searchParams.get("view") ?? "lists") === view) return
  if (view === "lists") url.searchParams.delete("view")
  else url.searchParams.set("view", view)
  history.replaceState(history.state, "", url)
}
const focusLit = () => (ui.lists[state.lit?.side]?.items.get(state.lit.row) ?? ui.scroll).focus({ preventScroll: true })
const page = () => Math.max(1, Math.floor(ui.scroll.clientHeight / height()))
const queryBox = () => document.querySelector(".st-key-query_text input")
const KEYS = {
  v: nextView, "/": () => queryBox()?.focus(), F1: () => document.querySelector(".st-key-keys button")?.click(),
  j: () => move(1), k: () => move(-1), n: () => move(page()), p: () => move(-page()),
  "+": () => markLit("positive"), "=": () => markLit("positive"),
  "-": () => markLit("negative"), "?": () => markLit("unsure"),
  "*": () => (state.range = state.range || !state.lit ? null : { ...state.lit }),
  c: noteLit, u: () => step("undo"), U: () => step("redo"), m: () => like(state.lit?.row),
  h: () => across(0), l: () => across(1),
  Enter: () => state.lit && toggleOpen(state.lit), Escape: leave,
}
const sideOf = (target) => ui.lists.findIndex(({ box }) => box.contains(target))
// This and the other listeners return false where there is nothing to draw.
function onKey(event) {
  const { target, key } = event
  if (!ui?.root.isConnected || event.isComposing || !target.matches) return false
  if (target.closest('[role="dialog"], [role="listbox"], [role="menu"]')) return false
  const isTyping = target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]")
  const [isNote, hasModifier] = [target === ui.note || target === ui.reason, event.ctrlKey || event.metaKey || event.altKey]
  const isPress = key === "Enter" && target.closest("button, a, summary, input, [role=button], [role=tab]")
  const isTaken = !isTyping && !hasModifier && !isPress && !(event.repeat && !"jknp".includes(key))
  const isDrawn = Boolean(state.data) && !ui.root.hidden
  let deed = isTaken && (isDrawn || ["v", "/", "F1"].includes(key)) && Object.hasOwn(KEYS, key) ? KEYS[key] : null
  if (isTyping && key === "Escape" && isDrawn) deed = isNote ? () => closeNote(false) : focusLit
  if (isNote && key === "Enter" && hasModifier) deed = () => closeNote(true)
  if (!deed) return false
  if (key !== "Escape") event.preventDefault()
  deed()
}

function onClick(event) {
  if (!ui?.root.contains(event.target)) return false
  const [deed, row] = ["do", "row"].map((name) => event.target.closest(`[data-${name}]`)?.dataset[name])
  if (row) onRow(event, Number(row), deed)
  else if (deed === "undo" || deed === "redo") step(deed)
  else if (deed === "fold") record({ act: "fold", on: !ui.isFolded })
  else if (deed === "side") state.side = [...ui.tabs.children].indexOf(event.target)
}

function onRow({ target, shiftKey, pointerType, detail }, row, deed) {
  const isInside = target.closest(".exl-open")
  const side = isInside ? state.open.side : sideOf(target)
  if (deed === "note") return editNote()
  if (deed === "save" || deed === "cancel") return closeNote(deed === "save")
  if (deed === "like") return like(row)
  if (!deed) return !isInside && getSelection().isCollapsed && toggleOpen({ side, row })
  if (isScreen() && isInside) return detail < 2 && markLit(deed) // the second of a double click means no other row
  if (!mark({ side, row }, deed, shiftKey ? beginOfRange(side, row) : row)) return
  state.hold = sideOf(target) >= 0 && pointerType === "mouse" ? { side, row } : null // a press of a key has no pointer
  light(side, row, { scrolls: false, focuses: !isInside })
}
function onChange({ target }) {
  const side = ui?.heads.findIndex(([line]) => line.contains(target)) ?? -1
  if (side < 0) return false
  record({ act: "ranker", side: state.data.lists[side].side, ranker: target.value })
}
function onFocus({ target }) { // a press lights its row when it ends: rows must not move in between
  const [side, row] = target.matches?.(".exl-row:not(:active)") ? [sideOf(target), Number(target.dataset.row)] : []
  if (side === undefined || (state.lit?.side === side && state.lit.row === row)) return false
  light(side, row, { scrolls: false, focuses: false })
}
// A press on a button of a row leaves the focus on a row: `onRow` lights this one.
const onPress = (event) => (event.target.closest?.(".exl-row > button") ? event.preventDefault() : false)

/** Lets a list that was held back follow, once the pointer has left the row, or the page. */
function onPointerOut({ relatedTarget }) {
  if (!state.hold || relatedTarget?.closest?.(".exl-row")?.dataset.row === String(state.hold.row)) return false
  state.hold = null
}

// Every click sends the text of the boxes: more than this overloads the browser, and the server closes the connection
// if it gets far more, or a lone surrogate, with which a cut text may end.
function bound({ target }) {
  if (typeof target.value !== "string" || target.type === "file") return false
  const fit = target.value.slice(0, MOST_TYPED).toWellFormed()
  if (fit === target.value) return false
  // The setter of the prototype, as if a person had typed: React ignores values set by the element's own setter.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value").set.call(target, fit)
}

// Streamlit may run and clean up an old instance of the frame after a new one has begun. So the listeners are added
// once for the page, and no instance takes away those of another.
state.listening?.abort() // ends those of an earlier version of this script
state.listening = new AbortController()
const mouse = { mousedown: onPress, click: onClick, pointerout: onPointerOut }
const listeners = { ...mouse, keydown: onKey, focusin: onFocus, change: onChange, input: bound }
for (const [type, listen] of Object.entries(listeners)) {
  const options = { signal: state.listening.signal, capture: type === "input" }
  document.addEventListener(type, (event) => listen(event) !== false && render(), options)
}

/** Puts the cursor into the query's box as soon as that is there: the browser loads a widget's code with its use. */
function focusQuery() {
  if (!ui.root.isConnected || !ui.root.hidden) return
  if (queryBox()) queryBox().focus()
  else setTimeout(focusQuery, 50)
}

export default function ({ parentElement, data, setTriggerValue }) {
  const [root, { scroll }] = [parentElement.querySelector(".exl"), state]
  const wasShown = ui?.root === root && !root.hidden
  if (ui?.root !== root) build(root, parentElement.querySelector("template"))
  root.hidden = Boolean(data?.empty) // what the feed gave last is of another query
  state.rerun = setTriggerValue && (() => setTriggerValue("again", Date.now()))
  window.exemplarLists = { draw }
  draw()
  ui.scroll.scrollTop = scroll
  if (root.hidden && (wasShown || document.activeElement === document.body)) focusQuery()
}
