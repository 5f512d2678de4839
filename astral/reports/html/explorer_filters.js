// Which trials pass, and the controls that say so. Each value is told with the number of trials that it would leave.

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
  const since = faceted("baseline"); // among equals, what is new stands first
  const rank = (trial) => outcome.column[trial] * 1000 + grave.column[trial] * 100 + (since ? since.column[trial] * 10 : 0) + twin.column[trial];
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
  const set = active.filter((facet) => menus.includes(facet)).length; // told also where they are folded away
  if (menus.length) $("explorer-menus").textContent = set ? `Filters, ${set} in use` : "Filters";
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
const strips = useful.filter((facet) => facet.role === "outcome" || facet.role === "baseline");
const menus = useful.filter((facet) => !strips.includes(facet));
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
  const more = el("details", { class: "menus", open: innerWidth > 640 }, el("summary", { id: "explorer-menus" }), el("div", {}, menus.map(menu)));
  $("explorer-tools").replaceChildren(
    field, ...strips.map(buttons), ...(menus.length ? [more] : []),
    el("div", { class: "views" }, groupBar, orderBar,
      el("label", { class: "picker shortcuts" }, shortcuts, " keys: ", ...["/", "j", "k", "o", "Esc"].flatMap((key) => [el("kbd", {}, key), " "]))));
  const left = index.left ? `The texts of ${index.left} trials are left out to keep this file small; the JSON results hold them. ` : "";
  $("explorer-state").textContent = left + note;
  $("explorer-state").hidden = !(left + note);
}
