// The list of all trials: what the reader chose stands in the address, and everything on the screen follows from it.

const STEP = 100; // rows that are drawn at once
const IN_GROUP = 25; // rows of a group that was opened
const PRINTED = 500;
const REMEMBER_MS = 250; // browsers slow pages down that change their address at each key
const ORDERS = { worst: "worst first", plan: "order of the plan", cell: "by cell" };
const place = $("explorer-rows");
const bars = new Map(); // the buttons and menus of each facet
let chosen = new Map(); // the numbers of the values that were chosen, by facet
let text = "";
let group = null; // a facet
let order = "worst";
let open = -1; // the trial whose page is open
let found = null; // 1 for each trial that has the words; null where none were typed
let kept = []; // the trials that pass all filters, in order
let sequence = []; // the same as they stand on the screen
let limit = STEP;
let unrolled = new Map(); // the groups that are open, each with the number of rows to draw
let rows = []; // the links on the screen
let entered = false; // whether Back leads from the open page to the list
let last = -1; // the trial whose page was open last
let singleKeys = true;
let remembering = 0; // the timer that will write the address
let drawn = false; // whether the list was ever drawn
let arriving = false; // whether a link was followed just now

const keys = new Map(); // facets by the word that stands for them in the address
for (const facet of facets) {
  let key = facet.key;
  while (keys.has(key) || ["text", "group", "order", "trials"].includes(key) || /^t\d+$/.test(key)) key += "_";
  keys.set(key, facet);
  facet.word = key;
}

// --- the address -------------------------------------------------------------------------------------------------------

function written(trial = -1) {
  const parts = trial >= 0 ? [`t${trial + 1}`] : [];
  for (const facet of facets) {
    if (!chosen.has(facet)) continue;
    const names = [...chosen.get(facet)].sort((a, b) => a - b).map((number) => encodeURIComponent(facet.values[number][0]));
    parts.push(`${encodeURIComponent(facet.word)}=${names.join(",")}`);
  }
  if (text) parts.push(`text=${encodeURIComponent(text)}`);
  if (group) parts.push(`group=${encodeURIComponent(group.word)}`);
  if (order !== "worst") parts.push(`order=${order}`);
  return parts.length ? `#${parts.join("&")}` : "#trials";
}

function decoded(word) {
  try { return decodeURIComponent(word); } catch { return word; }
}

function read(hash) { // what an address asks for; null for the anchors of other parts of the page
  const asks = { chosen: new Map(), text: "", group: null, order: "worst", open: -1 };
  let ours = hash.length < 2;
  for (const part of hash.slice(1).split("&")) {
    const [, name, , given = ""] = /^([^=]*)(=(.*))?$/s.exec(part);
    const key = decoded(name);
    const facet = keys.get(key);
    if (/^t[1-9]\d*$/.test(part)) asks.open = Number(part.slice(1)) - 1;
    else if (key === "text") asks.text = decoded(given);
    else if (key === "group") asks.group = keys.get(decoded(given)) || null;
    else if (key === "order") asks.order = decoded(given) in ORDERS ? decoded(given) : "worst";
    else if (facet && part.includes("=")) choose(asks.chosen, facet, given.split(",").map(decoded));
    else if (part !== "trials") continue;
    ours = true;
  }
  return ours ? asks : null;
}

function choose(into, facet, names) {
  const numbers = names.map((name) => facet.values.findIndex(([known]) => known === name));
  const known = numbers.filter((number) => number >= 0);
  into.set(facet, new Set(known)); // a value that nothing has leaves nothing: the reader sees that, and not all trials
}

function remember() { // the address follows, and Back does not have to go through every key
  clearTimeout(remembering);
  remembering = setTimeout(settle, REMEMBER_MS);
}

function settle() { // writes what waits to be written: whoever leaves the list comes back to what it was
  if (remembering && open < 0) history.replaceState(null, "", written());
  clearTimeout(remembering);
  remembering = 0;
}

function follow(arrived) { // the page as the address asks for it
  const asks = read(location.hash);
  if (!asks) {
    if (!drawn) sift();
    return hide();
  }
  const address = location.hash.length > 1 ? location.hash : "#trials";
  if (written(asks.open) !== address || !drawn) {
    ({ chosen, group, order } = asks);
    limit = STEP;
    unrolled = new Map();
    text = $("explorer-text").value = asks.text;
    sift();
  }
  if (asks.open >= planned) {
    say(`There is no trial ${asks.open + 1} in this report.`);
    asks.open = -1;
  }
  if (asks.open < 0) {
    hide();
    if (arrived && location.hash.length > 1) $("explorer").scrollIntoView();
  } else show(asks.open);
}

// --- filters -----------------------------------------------------------------------------------------------------------

function changed() {
  limit = STEP;
  sift();
  remember();
}

function toggled(facet, number) {
  const now = new Set(chosen.get(facet));
  if (!now.delete(number)) now.add(number);
  if (now.size) chosen.set(facet, now);
  else chosen.delete(facet);
  changed();
}

function clear() {
  chosen = new Map();
  text = $("explorer-text").value = "";
  changed();
  $("explorer-text").focus();
}

function sift() { // the words take their time; everything else is at once
  place.setAttribute("aria-busy", "true");
  search(text, (hits, done) => {
    found = hits;
    filter();
    draw(done);
    place.setAttribute("aria-busy", String(done < 1));
  });
}

function ordered() {
  const outcome = faceted("outcome");
  const grave = faceted("severity");
  const twin = faceted("kind");
  const rank = (trial) => outcome.column[trial] * 100 + grave.column[trial] * 10 + (twin.values[twin.column[trial]][0] === "twin" ? 1 : 0);
  const all = [...Array(planned).keys()];
  if (order === "worst") return all.sort((a, b) => rank(a) - rank(b) || a - b);
  if (order === "plan") return all;
  const cells = facets.filter((facet) => facet.role === "dimension");
  const apart = (a, b) => cells.reduce((sum, facet) => sum || facet.column[a] - facet.column[b], 0);
  return all.sort((a, b) => apart(a, b) || a - b);
}

const orders = {};

function filter() { // who passes; and for each value, how many would pass with it in place of what was chosen there
  const active = facets.filter((facet) => chosen.has(facet));
  const counts = new Map(facets.map((facet) => [facet, new Int32Array(facet.values.length + 1)])); // the last one: any
  kept = [];
  orders[order] ||= ordered();
  for (const trial of orders[order]) {
    if (found && !found[trial]) continue;
    let missed = null;
    let misses = 0;
    for (const facet of active) {
      if (has(facet, trial)) continue;
      missed = facet;
      if (++misses > 1) break;
    }
    if (misses === 0) kept.push(trial);
    if (misses === 1) count(counts.get(missed), missed, trial);
  }
  for (const [facet, into] of counts) for (const trial of kept) count(into, facet, trial);
  for (const [facet, bar] of bars) bar(counts.get(facet), chosen.get(facet));
}

function has(facet, trial) { // whether a trial has one of the values that were chosen
  const wanted = chosen.get(facet);
  if (!facet.sets) return wanted.has(facet.column[trial]);
  return facet.sets[facet.column[trial]].some((number) => wanted.has(number));
}

function count(into, facet, trial) {
  into[facet.values.length]++;
  if (!facet.sets) into[facet.column[trial]]++;
  else for (const number of facet.sets[facet.column[trial]]) into[number]++;
}

function buttons(facet) {
  const made = facet.values.map(([name, words], number) => {
    if (facet.role === "baseline" && name === "") return null;
    const shown = el("span", { class: "num" });
    const button = el("button", { type: "button", "aria-pressed": "false", class: `${facet.role} ${name}`, click: () => toggled(facet, number) }, words, " ", shown);
    return [button, shown, number];
  }).filter(Boolean);
  bars.set(facet, (counts, now) => {
    for (const [button, shown, number] of made) {
      button.setAttribute("aria-pressed", String(Boolean(now && now.has(number))));
      shown.textContent = counts[number].toLocaleString("en");
      button.classList.toggle("empty", !counts[number]);
    }
  });
  return el("div", { class: "filters", role: "group", "aria-label": facet.title }, el("span", { class: "title", "aria-hidden": "true" }, facet.role), made.map(([button]) => button));
}

function menu(facet) {
  const any = el("option", { value: "" });
  const options = facet.values.map(([, words], number) => [el("option", { value: String(number) }), words, number]);
  const several = el("option", { value: "several", disabled: true, hidden: true }, "several");
  const select = el("select", { "aria-label": facet.title }, any, options.map(([option]) => option), several);
  select.addEventListener("change", () => {
    if (select.value === "") chosen.delete(facet);
    else chosen.set(facet, new Set([Number(select.value)]));
    changed();
  });
  bars.set(facet, (counts, now) => {
    any.textContent = `any (${counts[facet.values.length].toLocaleString("en")})`;
    for (const [option, words, number] of options) {
      option.textContent = `${words} (${counts[number].toLocaleString("en")})`;
      option.disabled = !counts[number] && !(now && now.has(number));
    }
    select.value = !now ? "" : now.size === 1 ? String([...now][0]) : "several";
    select.classList.toggle("set", Boolean(now));
  });
  return el("label", {}, facet.title, select);
}

function picker(title, choices, change) {
  const select = el("select", { "aria-label": title }, choices.map(([name, words]) => el("option", { value: name }, words)));
  select.addEventListener("change", () => change(select.value));
  return [el("label", { class: "picker" }, `${title} `, select), select];
}

const MANY = 300; // values of a facet above which it is left to the search
const useful = facets.filter((facet) => facet.values.length > 1 && facet.values.length <= MANY);
const [groupBar, groupSelect] = picker("group by", [["", "nothing"], ...useful.map((facet) => [facet.word, facet.title])], (word) => {
  group = keys.get(word) || null;
  unrolled = new Map();
  changed();
});
const [orderBar, orderSelect] = picker("order", Object.entries(ORDERS), (name) => {
  order = name;
  changed();
});

function coveredBySearch() { // what the search covers in this file, in words
  if (index.text === "all") return ["Search ids, cells, prompts, answers and reasons", ""];
  if (index.text === "prompts") return ["Search ids, cells and prompts", "Answers and reasons are not in this file (text=prompts): the search does not cover them."];
  return ["Search ids, cells and targets", "Prompts and answers are not in this file (text=none): the search covers ids, cells and targets only."];
}

function tools() {
  const [name, note] = coveredBySearch();
  const field = el("input", { type: "search", id: "explorer-text", placeholder: name, "aria-label": name, autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/" });
  field.addEventListener("focus", warm, { once: true });
  field.addEventListener("input", () => { text = field.value; changed(); });
  const shortcuts = el("input", { type: "checkbox", checked: true });
  shortcuts.addEventListener("change", () => { singleKeys = shortcuts.checked; });
  const strips = useful.filter((facet) => facet.role === "outcome" || facet.role === "baseline");
  const menus = useful.filter((facet) => !strips.includes(facet));
  const more = el("details", { class: "menus", open: innerWidth > 640 }, el("summary", {}, "Filters"), el("div", {}, menus.map(menu)));
  $("explorer-tools").replaceChildren(
    field, ...strips.map(buttons), ...(menus.length ? [more] : []),
    el("div", { class: "views" }, groupBar, orderBar,
      el("label", { class: "picker shortcuts" }, shortcuts, " keys: ", ...["/", "j", "k", "o", "Esc"].flatMap((key) => [el("kbd", {}, key), " "]))));
  const left = index.left ? `The texts of ${index.left} trials are left out to keep this file small; the JSON results hold them. ` : "";
  $("explorer-state").textContent = left + note;
  $("explorer-state").hidden = !(left + note);
}

// --- the list ----------------------------------------------------------------------------------------------------------

function row(trial) {
  const repeat = index.repeat[trial] > 1 ? `, repeat ${index.repeat[trial]}` : "";
  const why = value("reason", trial);
  const link = el("a", { href: written(trial), class: "row" }, chip(trial), severity(trial) || el("span"),
    el("span", { class: "cell" }, cell(trial) || trialId(trial), el("span", { class: "badges" }, badges(trial)), why ? el("span", { class: "about" }, ` ${why}`) : null),
    el("span", { class: "slug" }, `${value("target", trial)}${repeat}`));
  link.trial = trial;
  rows.push(link);
  return el("li", {}, link);
}

function tallied(trials) { // what trials came to, as marks
  const outcome = faceted("outcome");
  return outcome.values.map(([name, words], number) => {
    const count = trials.reduce((sum, trial) => sum + (outcome.column[trial] === number), 0);
    return count ? el("span", { class: `mark ${name}`, title: words }, el("abbr", { title: words }, index.letters[name]), ` ${count}`) : null;
  });
}

function grouped() {
  const members = group.values.map(() => []);
  const none = [];
  for (const trial of kept) {
    const numbers = values(group, trial);
    if (!numbers.length) none.push(trial);
    for (const number of numbers) members[number].push(trial);
  }
  const named = [...group.values.map(([, words], number) => [number, words, members[number]]), [-1, "none", none]].filter(([, , trials]) => trials.length);
  sequence = [...new Set(named.flatMap(([, , trials]) => trials))];
  return named.map(([number, words, trials]) => groupOf(number, words, trials));
}

function groupOf(number, name, trials) {
  const most = unrolled.get(number) || 0;
  const head = el("button", { type: "button", class: "group", "aria-expanded": String(most > 0), click: () => unroll(number, most ? 0 : IN_GROUP) },
    el("span", { class: "cell" }, name), el("span", { class: "marks" }, tallied(trials)), el("span", { class: "num" }, trials.length.toLocaleString("en")));
  head.dataset.group = number;
  const rest = trials.length - most;
  const more = most && rest > 0 ? el("li", { class: "more" }, el("button", { type: "button", click: () => unroll(number, most + STEP) }, `show ${Math.min(rest, STEP)} more`)) : null;
  return el("li", { class: "grouped" }, head, most ? el("ol", {}, trials.slice(0, most).map(row), more) : null);
}

function unroll(number, most) {
  const before = most ? unrolled.get(number) || 0 : 0;
  unrolled.set(number, most);
  draw(1);
  const head = place.querySelector(`[data-group="${number}"]`);
  (before ? head.parentElement.querySelectorAll("a.row")[before] : head).focus();
}

function draw(done) {
  drawn = true;
  rows = [];
  groupSelect.value = group ? group.word : "";
  orderSelect.value = order;
  if (group) place.replaceChildren(...grouped());
  else {
    sequence = kept;
    place.replaceChildren(...kept.slice(0, limit).map(row));
  }
  const rest = group ? 0 : Math.max(kept.length - limit, 0);
  const more = el("button", { type: "button", click: extend }, `show ${Math.min(rest, STEP)} more`);
  $("explorer-more").replaceChildren(...(rest ? [more, el("span", { class: "about" }, ` ${rest.toLocaleString("en")} not shown`)] : []));
  if (done < 1) return say(`${kept.length.toLocaleString("en")} found so far, ${Math.floor(done * 100)} % searched`);
  const noun = planned === 1 ? "trial" : "trials";
  const all = planned.toLocaleString("en");
  say(kept.length === planned ? `All ${all} ${noun}` : `${kept.length.toLocaleString("en")} of ${all} ${noun}`);
  if (open >= 0) show(open); // its place in the list is known now
}

function chosenWords() { // what was chosen, for paper, where no menu can be seen
  const parts = facets.filter((facet) => chosen.has(facet)).map((facet) =>
    `${facet.title}: ${[...chosen.get(facet)].map((number) => facet.values[number][1]).join(" or ")}`);
  return [...parts, ...(text ? [`words: ${text}`] : [])].join("; ");
}

function extend() { // the keyboard goes on where the new rows begin
  const from = rows.length;
  limit += STEP;
  draw(1);
  rows[from]?.focus();
}

function say(words) {
  const limited = chosen.size || text;
  $("explorer-words").textContent = words;
  $("explorer-chosen").textContent = chosenWords();
  $("explorer-clear").hidden = !limited;
}

// --- the page of one trial ---------------------------------------------------------------------------------------------

function linkTo(trial, ...children) {
  return el("a", { href: written(trial) }, ...children);
}

function show(trial) {
  open = last = trial;
  document.documentElement.classList.add("reading");
  drawCase(trial, { at: sequence.indexOf(trial), of: sequence.length, wanted: asWords(text), link: linkTo, go, leave });
}

function go(way) { // to the next page of the list, in place of this one
  const next = sequence[sequence.indexOf(open) + way];
  if (open < 0 || next === undefined || sequence.indexOf(open) < 0) return;
  history.replaceState(null, "", written(next));
  show(next);
}

function hide() {
  if (open < 0) return;
  open = -1;
  entered = false;
  document.documentElement.classList.remove("reading");
  dialog.close(); // the focus goes back to what had it
  const opener = document.activeElement;
  if (opener === document.body || $("explorer").contains(opener)) rows.find((link) => link.trial === last)?.focus();
}

function leave() { // one step back where the list was before, so that Back does not open the page again
  if (entered) history.back();
  else {
    history.replaceState(null, "", written());
    hide();
  }
}

// --- keys --------------------------------------------------------------------------------------------------------------

function inPage(key) {
  if (key === "j" || key === "ArrowRight") go(1);
  else if (key === "k" || key === "ArrowLeft") go(-1);
  else if (key === "o") fold(!unfolded);
  else return false;
  return true;
}

function inList(key) {
  const at = rows.indexOf(document.activeElement);
  if (key === "/") $("explorer-text").focus();
  else if (key === "j" || (key === "ArrowDown" && at >= 0)) {
    if (at + 1 < rows.length) rows[at + 1].focus();
    else if (!group && kept.length > limit) extend();
  } else if (key === "k" || (key === "ArrowUp" && at >= 0)) rows[Math.max(at - 1, 0)]?.focus();
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.matches("input[type=search], select, textarea");
  if (event.key === "Escape" && event.target.id === "explorer-text" && !text) event.target.blur();
  if (typing || (event.key.length === 1 && !singleKeys)) return;
  if (open >= 0 ? inPage(event.key) : inList(event.key)) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  settle();
  arriving = true;
  if (dialog.contains(link)) { // from page to page, so that Back leads to the list
    event.preventDefault();
    history.replaceState(null, "", link.hash);
  } else if (link.hash !== location.hash) return; // else the address does not change, and nobody is told
  follow(true);
  arriving = false;
});
dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
dialog.addEventListener("click", (event) => { if (event.target === dialog) leave(); });
window.addEventListener("hashchange", () => {
  entered = open >= 0 ? entered : arriving;
  follow(arriving);
  arriving = false;
});
let drawnBefore = STEP;
window.addEventListener("beforeprint", () => {
  drawnBefore = limit;
  limit = Math.max(limit, PRINTED);
  if (open < 0) draw(1);
});
window.addEventListener("afterprint", () => {
  limit = drawnBefore;
  if (open < 0) draw(1);
});

$("explorer-count").replaceChildren(el("span", { id: "explorer-words", role: "status" }), el("span", { id: "explorer-chosen" }), el("button", { type: "button", id: "explorer-clear", hidden: true, click: clear }, "clear filters"));
tools();
for (const id of ["explorer-tools", "explorer-count", "explorer-rows", "explorer-more"]) $(id).hidden = false;
follow(true);
