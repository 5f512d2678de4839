// The list of trials, the way to the page of one and back, and the keys. It starts here.

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
