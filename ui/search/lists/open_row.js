// The open row: its whole text, its buttons, and the note and the reason that are written on it. A part of the module lists.js.

function setOpen(open) {
  const isSame = open?.row === state.open?.row
  if (!isSame) closeNote(true)
  Object.assign(state, { open, opened: isSame ? state.opened : null })
}
function renderOpen() {
  const { open, opened } = state
  if (!open) return ui.open.remove()
  const home = isWide() ? ui.aside : ui.lists[open.side].items.get(open.row)
  if (home && ui.open.parentNode !== home) home.append(ui.open)
  if (Number(ui.open.dataset.row) !== open.row || ui.shows !== opened) fill(open.row, opened)
  const [verdict, reason, note] = [verdictOf(open.row), reasonOf(open.row), noteOf(open.row)]
  for (const each of ui.deeds.children) if (each.dataset.do in MARKS) each.ariaPressed = each.dataset.do === verdict
  setText(ui.noted, [reason && `Reason: ${reason}`, note && `Note: ${note}`].filter(Boolean).join(" · "))
  Object.assign(ui, { shows: opened, openHeight: home && !isWide() ? home.offsetHeight - height() : 0 })
}
function fill(row, opened) {
  const excerpt = { parts: [["", state.known.get(row)?.text ?? ""]], words: [], fields: [], because: [], cut: "" }
  const { parts, words, fields, because, cut } = opened ?? excerpt
  const classOf = (kind) => (kind ? `exl-passage exl-${kind}` : "")
  const spanOf = ([kind, part]) => el(kind === "carried" ? "mark" : "span", { className: classOf(kind), dir: "" }, part)
  const about = words.length ? [["words", words.join(", ")], ...fields] : fields
  const like = because.flatMap(({ title, mark, sentence }, n) => [
    n ? ", " : "because: like ",
    el("span", { className: `exl-${mark}`, title: sentence }, `${title} (${MARKS[mark][0]})`),
  ])
  ui.open.dataset.row = row
  ui.heading.textContent = nameOf(row)
  ui.read.ariaLabel = `Text of ${nameOf(row)}`
  ui.whole.ariaBusy = !opened
  ui.whole.replaceChildren(...parts.map(spanOf))
  const lines = about.map(([name, value]) => el("p", {}, el("span", {}, name), " ", el("span", {}, value)))
  ui.more.replaceChildren(...lines, el("p", { className: "exl-quiet" }, cut))
  ui.because.replaceChildren(...like)
}
function editNote() {
  if (!ui.editor.hidden) return closeNote(true)
  ui.editor.hidden = false
  const reason = reasonOf(state.open.row)
  const choices = new Set(["", ...state.data.reason_choices, reason])
  ui.reason.replaceChildren(...[...choices].map((value) => el("option", { value }, value || "No reason")))
  ui.reason.value = reason
  ui.note.value = noteOf(state.open.row)
  ui.note.focus()
}
function noteLit() {
  if (!state.lit) return
  if (state.open?.row !== state.lit.row) render(toggleOpen(state.lit))
  editNote()
}
/** Ends writing a note. What was written is kept unless the person cancels. */
function closeNote(isKept) {
  if (ui.editor.hidden) return
  const [row, text, reason] = [Number(ui.open.dataset.row), ui.note.value.toWellFormed(), ui.reason.value]
  if (ui.editor.contains(document.activeElement)) ui.deeds.lastElementChild.focus({ preventScroll: true })
  ui.editor.hidden = true
  const isNew = text !== noteOf(row) || reason !== reasonOf(row)
  if (isKept && isNew) record({ act: "note", ...idAndHash(row), text, reason })
}
