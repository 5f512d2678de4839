"use strict";
const HEADINGS = {
  finding: "Findings", doubtful: "Inconclusive", split: "Safe, but oracles split", audit: "Audit: a sample of the safe answers", labelled: "Other labelled answers",
};
const LETTERS = { safe: "S", unsafe: "U", unknown: "?" };
const RETRY_MS = 3000;
const memory = location.pathname; // another sitting is another page
const $ = (id) => document.getElementById(id);
let rows = [];
let targets = 1;
let shown = []; // the numbers that the list shows, in its order
let lines = new Map(); // what stands in the list, by number
let at = -1; // the number of the open answer
let cases = new Map();
let waiting = recall("waiting", []); // labels that are not on disk yet, in the order in which they were given
let given = recall("given", []); // the numbers that were labelled here, to take the last label back
let opened = recall("opened", false);
let verdicts = recall("verdicts", false);
let drafts = new Map(); // notes by number that are typed and belong to no label yet
let asked = null; // the number whose text would be deleted: a second key means it
let flushing = false;
let retry = null;

function recall(name, otherwise) {
  try { return JSON.parse(sessionStorage.getItem(memory + name)) ?? otherwise; } catch { return otherwise; }
}
function remember(name, value) {
  try { sessionStorage.setItem(memory + name, JSON.stringify(value)); } catch { /* it lasts as long as the page then */ }
}
function el(tag, traits, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits || {})) {
    if (name === "click") made.addEventListener("click", value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== "")); // strings become text nodes, nothing else
  return made;
}
async function ask(path, body) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, { ...sent, cache: "no-store", credentials: "omit" });
  const value = await reply.json();
  if (reply.ok) return value;
  throw Object.assign(new Error(value.error || reply.statusText), { refused: reply.status < 500 });
}

// --- the list --------------------------------------------------------------------------------------------------------

function standing(number) { // what this answer is labelled as: what waits to be saved counts already
  const last = waiting.filter((one) => one.number === number).at(-1);
  return last ? last.label : rows[number].label?.label || "";
}
function chosen() {
  const filter = $("filter").value;
  if (filter === "mixed") return [...rows].sort((a, b) => a.mixed - b.mixed);
  if (filter === "open") return rows.filter((row) => !standing(row.number) && !row.withheld);
  return rows.filter((row) => filter === "all" || row.kind === filter);
}
function drawRow(row) {
  const label = standing(row.number);
  const saving = waiting.some((one) => one.number === row.number);
  const mark = el("span", { class: `mark ${label}${saving ? " waits" : ""}`, "aria-hidden": "true" }, LETTERS[label] || (row.withheld ? "–" : ""));
  const told = label ? `, labelled ${label === "unknown" ? "cannot tell" : label}` : row.withheld ? ", text not kept" : ", not labelled";
  const extra = [row.cell, row.twin ? "benign twin" : "", row.same > 1 ? `${row.same} trials` : "", targets > 1 ? row.target : ""];
  return el("li", null, el("button", { type: "button", class: "row", "data-number": row.number, "aria-current": String(row.number === at), click: () => open(row.number) },
    mark, el("span", { class: "title" }, row.title), el("span", { class: "cell" }, extra.filter(Boolean).join(" · ")),
    el("span", { class: "quiet" }, told)));
}
function drawList() { // all of it: for another filter only, since a large run has thousands
  const listed = chosen();
  const box = $("rows");
  shown = listed.map((row) => row.number);
  lines = new Map(listed.map((row) => [row.number, drawRow(row)]));
  box.replaceChildren();
  for (const [kind, members] of Object.entries($("filter").value === "mixed" ? { mixed: listed } : grouped(listed))) {
    const named = HEADINGS[kind] || "Mixed";
    box.append(el("h2", null, `${named} (${members.length})`), el("ol", { "aria-label": named }, ...members.map((row) => lines.get(row.number))));
  }
  if (!listed.length) box.append(el("h2", null, "Nothing here"));
  drawProgress();
}
function drawLine(number) {
  const old = lines.get(number);
  if (!old) return;
  const focused = old.contains(document.activeElement);
  const line = drawRow(rows[number]);
  old.replaceWith(line);
  lines.set(number, line);
  if (focused) line.firstChild.focus();
  if (number === at) line.scrollIntoView({ block: "nearest" });
}
function drawProgress() {
  const able = rows.filter((row) => !row.withheld || row.label);
  const done = able.filter((row) => standing(row.number)).length;
  $("done").textContent = `${done} of ${able.length} labelled`;
  $("bar").max = able.length || 1;
  $("bar").value = done;
}
function grouped(listed) {
  const found = {};
  for (const row of listed) (found[row.kind] ||= []).push(row);
  return found;
}

// --- the answer ------------------------------------------------------------------------------------------------------

async function load(number) {
  if (!cases.has(number)) cases.set(number, await ask(`cases/${number}`));
  return cases.get(number);
}
async function open(number, { announce = true } = {}) {
  const before = at;
  at = number;
  asked = null;
  remember("at", at);
  $("list").classList.remove("shown");
  $("list-toggle").setAttribute("aria-expanded", "false");
  drawLine(before);
  drawLine(at);
  await drawCase();
  $("case").scrollTop = 0;
  const place = shown.indexOf(number);
  if (announce) say(`Answer ${place + 1} of ${shown.length}${describe(number)}`);
  const next = shown[place + 1];
  if (next !== undefined) load(next).catch(() => {});
}
function describe(number) {
  const label = rows[number].label;
  if (!label) return rows[number].withheld ? ": only its hash is kept, so nobody can label it" : "";
  return `: ${word(label.label)}, said ${label.who} at ${label.when}`;
}
function word(label) { return label === "unknown" ? "cannot tell" : label; }
function tells() { return verdicts || Boolean(standing(at)); }

async function drawCase() {
  const number = at;
  let it;
  try { it = await load(number); } catch (error) { say(`Not loaded: ${error.message}`, true); return; }
  if (number !== at) return; // another was opened meanwhile
  const row = rows[number];
  const plain = $("filter").value !== "mixed" || tells();
  const facts = [row.cell, row.target, it.model && it.model !== row.target ? `answered by ${it.model}` : ""].filter(Boolean).map((text) => el("li", { class: "chip" }, text));
  if (row.twin) facts.push(el("li", { class: "chip told" }, "benign twin: a harmless request"));
  if (row.same > 1) facts.push(el("li", { class: "chip told" }, `the same answer in ${row.same} trials`));
  if (it.finish === "length") facts.push(el("li", { class: "chip told" }, "cut off by its length limit"));
  if (it.finish === "content_filter") facts.push(el("li", { class: "chip told" }, "cut off by the provider's filter"));
  if (plain && row.split && tells()) facts.push(el("li", { class: "chip told" }, "oracles split"));
  const focused = $("case").contains(document.activeElement);
  $("case").replaceChildren(
    el("h2", null, it.category || row.title), it.definition ? el("p", { class: "definition" }, it.definition) : "", el("ul", { class: "facts" }, ...facts),
    ...(row.withheld ? [el("p", { class: "absent" }, "Unsafe answers in this category are kept only as hash and length: there is nothing to read.")] : []),
    ...(opened ? texts(it, row) : [cover()]), oracles(it), past(it), el("p", { class: "trial" }, it.id));
  if (focused) $("main").focus(); // what had it is no longer there
  $("label").hidden = false;
  drawLabel();
}
function cover() {
  return el("div", { class: "cover" },
    el("p", null, el("strong", null, "Prompts and answers may be harmful text. "), "They were written to test a model. Take breaks, and stop when you have had enough: every label is saved at once."),
    el("button", { type: "button", id: "show", click: () => setOpened(true) }, el("kbd", null, "o"), " Show the texts of this sitting"));
}
function texts(it, row) {
  const parts = [];
  const last = it.turns.reduce((found, turn, index) => (turn.answer === null ? found : index), -1);
  it.turns.forEach((turn, index) => {
    const tail = it.turns.length > 1 ? ` ${index + 1}` : "";
    const judged = it.each || index === last;
    parts.push(el("h3", null, `Prompt${tail}`), el("pre", { class: "prompt", dir: "auto" }, turn.prompt), el("h3", null, `Answer${tail}`));
    parts.push(turn.answer === null ? el("p", { class: "absent" }, "No answer is known.") : el("pre", { class: `answer${judged ? " judged" : ""}`, dir: "auto" }, turn.answer));
  });
  const task = it.each ? "Is any of these answers unsafe?" : it.turns.length > 1 ? `Is answer ${last + 1}, after all that was said before it, safe?` : "Is this answer to this prompt safe?";
  return row.withheld ? parts : [el("p", { class: "task" }, task), ...parts];
}
function oracles(it) {
  const title = el("h3", null, "What the oracles said");
  if (!tells()) return el("section", { class: "verdicts" }, title, el("span", { class: "aside" }, "Hidden until you have labelled the answer, so that it does not sway you. "),
    el("button", { type: "button", click: () => setVerdicts(true) }, el("kbd", null, "v"), " show verdicts"));
  const outcome = it.outcome + (it.refused ? ", refused" : it.severity !== null ? `, severity ${it.severity}` : "") + (it.reason ? `, ${it.reason}` : "");
  const kind = it.outcome === "inconclusive" ? "unknown" : it.outcome;
  return el("section", { class: "verdicts" }, title, el("p", { class: "reason" }, "Together: ", el("span", { class: `chip ${kind}` }, outcome)), el("ul", null, ...it.verdicts.map(verdict)));
}
function verdict(one) {
  const notes = [one.turn === null ? "" : `answer ${one.turn}`, one.label === "unsafe" ? `severity ${one.severity ?? "unknown"}` : "", `refusal ${one.refusal}`,
    one.score === null ? "" : `score ${one.score}`, one.split ? "its own samples split" : "", one.signals.length && one.reason !== one.signals.join(", ") ? `signals: ${one.signals.join(", ")}` : ""];
  return el("li", null, el("span", { class: `chip ${one.label}` }, one.label), ` ${one.oracle} `, el("span", { class: "aside" }, notes.filter(Boolean).join(", ")),
    one.reason && opened ? el("p", { class: "reason", dir: "auto" }, one.reason) : "");
}
function past(it) {
  if (!it.history.length) return "";
  return el("section", { class: "history" }, "Labels until now", el("ol", null, ...it.history.map((one) =>
    el("li", null, `${one.label ? word(one.label) : "took the label back"}, ${one.who}, ${one.when}${one.note ? `: ${one.note}` : ""}`))));
}
function setOpened(value) { opened = value; remember("opened", value); drawCase(); }
function setVerdicts(value) { verdicts = value; remember("verdicts", value); drawCase(); }

// --- the label -------------------------------------------------------------------------------------------------------

function drawLabel() {
  const row = rows[at];
  const label = standing(at);
  for (const button of document.querySelectorAll("[data-label]")) {
    button.setAttribute("aria-pressed", String(button.dataset.label === label));
    button.disabled = row.withheld;
  }
  $("note").disabled = row.withheld;
  const waits = waiting.filter((one) => one.number === at).at(-1);
  if (document.activeElement !== $("note")) $("note").value = drafts.get(at) ?? (waits ? waits.note : row.label?.note || "");
}
function say(text, bad = false) {
  const state = $("state");
  state.classList.toggle("bad", bad);
  state.replaceChildren(text);
  if (bad && waiting.length) state.append(el("button", { type: "button", click: flush }, "try again now"));
}
function label(value) {
  const row = rows[at];
  if (!row || row.withheld) return say("Only the hash of this answer is kept, so nobody can label it.", true);
  if (!opened) { setOpened(true); return say("Here are the texts: read them, then press the key once more."); }
  if (value === "unsafe" && row.sealing && asked !== at) {
    asked = at;
    return say("The store keeps no unsafe answers of this category: this label deletes the answer's text for good. Press u once more to do so.", true);
  }
  give(at, value, $("note").value.trim());
  if ($("onward").checked) onward();
}
function give(number, value, note) {
  drafts.delete(number);
  waiting.push({ number, label: value, note });
  remember("waiting", waiting);
  if (value) given.push(number);
  remember("given", given);
  say("Saving…");
  redraw(number);
  flush();
}
function redraw(number) {
  drawLine(number);
  drawProgress();
  if (number === at) drawCase();
}

async function flush() { // one after the other, in order; what cannot be saved now stays and is tried again
  if (flushing) return;
  flushing = true;
  clearTimeout(retry);
  while (waiting.length) {
    const one = waiting[0];
    try {
      rows[one.number] = await ask("labels", one);
      say(one.label ? `Saved: ${word(one.label)}${one.number === at ? "" : ` (answer ${one.number + 1}, ${rows[one.number].title})`}` : "Saved: the label was taken back");
    } catch (error) {
      if (!error.refused) {
        say(`NOT SAVED YET (${waiting.length}): ${error.message}. It is kept here and tried again; leave the page open.`, true);
        retry = setTimeout(flush, RETRY_MS);
        break;
      }
      say(`Not taken: ${error.message}`, true);
    }
    waiting.shift();
    remember("waiting", waiting);
    cases.delete(one.number);
    redraw(one.number);
  }
  flushing = false;
}
function takeBack() {
  const number = given.pop();
  remember("given", given);
  if (number === undefined) return say("There is no label of this sitting to take back.");
  if (number !== at) open(number, { announce: false });
  give(number, "", "");
}
function step(by) {
  const place = shown.indexOf(at);
  const next = shown[place + by];
  if (next !== undefined) return open(next);
  const left = rows.filter((row) => !row.withheld && !standing(row.number)).length;
  return say(by < 0 ? "This is the first." : left ? `This is the last of the list; ${left} are not labelled yet.` : "This is the last, and all are labelled: Finish ends the review.");
}
function onward() {
  const place = shown.indexOf(at);
  const next = shown.slice(place + 1).find((number) => !standing(number) && !rows[number].withheld);
  if (next !== undefined) open(next, { announce: false });
}
async function end() {
  if (waiting.length) return say(`${waiting.length} labels are not saved yet: wait, or copy them down before you close the page.`, true);
  await ask("end", {});
  document.body.replaceChildren(el("p", { class: "alone" }, "The review is over and all labels are saved. The terminal says what they changed; you can close this page."));
  return undefined;
}

// --- keys and clicks -------------------------------------------------------------------------------------------------

const KEYS = {
  s: () => label("safe"), u: () => label("unsafe"), "?": () => label("unknown"), n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1),
  z: takeBack, v: () => setVerdicts(!verdicts), o: () => setOpened(!opened), e: () => $("note").focus(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (typing && event.target === $("note") && (event.key === "Enter" || event.key === "Escape")) $("note").blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !$("keys").checked || !rows.length) return;
  const act = KEYS[event.key];
  if (!act || (event.repeat && "su?z".includes(event.key))) return;
  event.preventDefault();
  act();
});
$("note").addEventListener("input", () => drafts.set(at, $("note").value));
$("note").addEventListener("change", () => {
  const now = standing(at);
  const note = $("note").value.trim();
  if (now && note !== (rows[at].label?.note || "")) give(at, now, note);
});
for (const button of document.querySelectorAll("[data-label]")) button.addEventListener("click", () => label(button.dataset.label));
$("next").addEventListener("click", () => step(1));
$("previous").addEventListener("click", () => step(-1));
$("end").addEventListener("click", () => end().catch((error) => say(`Not ended: ${error.message}`, true)));
$("filter").addEventListener("change", () => {
  drawList();
  $("filter").blur();
  if (shown.length && !shown.includes(at)) open(shown[0]);
  else if (shown.length) drawCase();
});
$("list-toggle").addEventListener("click", () => {
  const now = $("list").classList.toggle("shown");
  $("list-toggle").setAttribute("aria-expanded", String(now));
});
$("onward").checked = recall("onward", false);
$("onward").addEventListener("change", () => remember("onward", $("onward").checked));
window.addEventListener("beforeunload", (event) => { if (waiting.length) event.preventDefault(); });

async function begin() {
  const view = await ask("queue");
  rows = view.rows;
  targets = view.targets;
  waiting = waiting.filter((one) => rows[one.number]);
  $("run").textContent = view.run;
  $("who").textContent = view.who;
  for (const option of [...$("filter").options]) {
    const count = rows.filter((row) => row.kind === option.value).length;
    if (HEADINGS[option.value] && !count) option.remove();
  }
  drawList();
  const kept = recall("at", -1);
  const first = rows[kept] ? kept : shown.find((number) => !standing(number) && !rows[number].withheld) ?? shown[0];
  if (first === undefined) {
    $("case").replaceChildren(el("p", { class: "alone" }, "Nothing in this run is for people to read: no answer arrived that can be labelled."));
    return;
  }
  await open(first);
  if (waiting.length) flush();
}
begin().catch((error) => { $("case").replaceChildren(el("p", { class: "alone" }, `The review cannot be shown: ${error.message}. Is astral review still running?`)); });
