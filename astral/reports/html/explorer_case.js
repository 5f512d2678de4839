// The page of one trial: its texts, what judges and people said of it, its twin, its repeats, and where it comes from.

const SIBLINGS_SHOWN = 40;
const dialog = $("case");
const asked = index.cases.map(() => []); // the trials of each prompt
index.case.forEach((place, trial) => asked[place].push(trial));
const twinned = new Map(); // the benign twins of each prompt
index.twins.forEach((place, twin) => {
  if (place >= 0) twinned.set(place, [...(twinned.get(place) || []), twin]);
});
let unfolded = false; // whether answers are shown as soon as a page is opened

function chip(trial) {
  return el("span", { class: `chip ${value("outcome", trial)}` }, words("outcome", trial));
}

function severity(trial) {
  const known = value("severity", trial);
  return known === "" ? null : el("span", { class: `severity s${known}` }, el("span", { class: "quiet" }, "severity "), known);
}

function badges(trial) { // what sets a trial apart, each a word
  const state = value("baseline", trial);
  const twin = value("kind", trial) === "twin" ? ["benign twin"] : [];
  const marks = values(faceted("marks"), trial).map((number) => faceted("marks").values[number][1]);
  return [
    ...(state ? [el("span", { class: `seen ${state}` }, words("baseline", trial))] : []),
    ...[...twin, ...marks].map((word) => el("span", { class: "seen" }, word)),
  ];
}

function marked(text, wanted) { // the text with the words that were searched for
  const lower = text.toLowerCase();
  if (!wanted.length || lower.length !== text.length) return [text];
  const parts = [];
  let from = 0;
  while (from < text.length) {
    const hits = wanted.map((word) => [lower.indexOf(word, from), word.length]).filter(([at]) => at >= 0);
    if (!hits.length) break;
    const [at, length] = hits.reduce((first, hit) => (hit[0] < first[0] ? hit : first));
    parts.push(text.slice(from, at), el("mark", {}, text.slice(at, at + length)));
    from = at + length;
  }
  return [...parts, text.slice(from)];
}

function block(excerpt, wanted) {
  return el("pre", { tabindex: "0" }, ...marked(excerpt[1], wanted));
}

function withheld(excerpt, why) {
  return el("p", { class: "about" }, `${excerpt[0]} characters, hash `, el("code", {}, excerpt[2]), `; not in this file (${why})`);
}

function whyNot(level, sealed) {
  if (sealed) return "unsafe answers in this category are never kept";
  return level ? "left out to keep it small; the JSON results hold it" : `text=${index.text}`;
}

function prompted(excerpt, name, wanted) {
  const shown = excerpt[1] === null ? withheld(excerpt, whyNot(index.text !== "none", false)) : block(excerpt, wanted);
  return [el("h4", {}, name), shown];
}

function answered(excerpt, name, sealed, wanted) {
  if (!excerpt) return [el("h4", {}, name), el("p", { class: "about" }, "none is known")];
  if (excerpt[1] === null) return [el("h4", {}, name), withheld(excerpt, whyNot(index.text === "all", sealed))];
  const fold = el("summary", {}, `${name}: ${excerpt[0]} characters, may be harmful`);
  return [el("details", { class: "answer", open: unfolded }, fold, block(excerpt, wanted))];
}

function exchange(place, trial, wanted) { // the prompts of a case with the answers that one trial got
  const { turns } = told("prompts", place);
  const { answers = [], sealed } = trial === undefined ? {} : told("trials", trial);
  if (turns.length === 1) return [...prompted(turns[0], "Prompt", wanted), ...answered(answers[0], "Answer", sealed, wanted)];
  return [el("ol", { class: "talk", "aria-label": "Conversation" }, turns.map((turn, at) => el("li", {},
    prompted(turn, `Turn ${at + 1}`, wanted), answered(answers[at], `Answer ${at + 1}`, sealed, wanted))))];
}

// --- beside it ---------------------------------------------------------------------------------------------------------

function nearest(place, trial) { // the trial of another case that is most like this one
  const same = asked[place].filter((other) => value("target", other) === value("target", trial));
  return same.find((other) => index.repeat[other] === index.repeat[trial]) ?? same[0];
}

function beside(trial, link) { // the benign twin of a prompt, or the prompt that this is the twin of
  const place = index.case[trial];
  const harmful = index.twins[place];
  const others = harmful >= 0 ? [harmful] : twinned.get(place) || [];
  const missing = index.twin_of[place];
  if (missing) return [el("section", {}, el("h3", {}, "The prompt it is the twin of"), el("p", { class: "about" }, "not in this run: ", el("code", {}, missing)))];
  return others.map((other, number) => {
    const near = nearest(other, trial);
    const name = harmful >= 0 ? "The prompt it is the twin of" : `Benign twin${others.length > 1 ? ` ${number + 1}` : ""}`;
    const head = near === undefined ? [el("span", { class: "about" }, "not asked here")] : [chip(near), severity(near), link(near, "open")];
    return el("section", { class: "beside" }, el("h3", {}, name), el("p", { class: "heads" }, head), exchange(other, near, []));
  });
}

function siblings(trial, link) { // the same prompt asked again, or of another target
  const others = asked[index.case[trial]];
  if (others.length < 2) return null;
  const shown = others.slice(0, SIBLINGS_SHOWN);
  if (!shown.includes(trial)) shown.push(trial);
  const rows = shown.map((other) => {
    const name = `${value("target", other)}, repeat ${index.repeat[other]}`;
    const was = index.was[other] ? el("span", { class: "about" }, `baseline: ${index.was[other].replace("_", " ")}`) : null;
    return el("li", {}, chip(other), severity(other), other === trial ? el("b", {}, `${name} (this one)`) : link(other, name), was);
  });
  const more = others.length > shown.length ? el("p", { class: "more" }, `and ${others.length - shown.length} more: search for the id of the prompt`) : null;
  return el("section", {}, el("h3", {}, `The same prompt, asked ${others.length} times`), el("ul", { class: "siblings" }, rows), more);
}

// --- what was said of it -----------------------------------------------------------------------------------------------

function reasoned(verdict, sealed, wanted) {
  const { reason } = verdict;
  const cells = [];
  if (reason) cells.push(...(reason[1] === null ? [`${reason[0]} characters, not in this file (${whyNot(index.text === "all", sealed)})`] : marked(reason[1], wanted)));
  if (verdict.split) cells.push(" ", el("span", { class: "seen" }, "split"));
  if (verdict.signals) cells.push(el("div", { class: "signals" }, `signals: ${verdict.signals}`));
  return cells.length ? cells : ["-"];
}

function verdicts(part, wanted) {
  if (!part.verdicts) return null;
  const turned = part.verdicts.some((verdict) => verdict.turn);
  const scored = part.verdicts.some((verdict) => verdict.score !== undefined);
  const heads = ["judge", ...(turned ? ["turn"] : []), "verdict", "refusal", "severity", ...(scored ? ["score"] : []), "reason"];
  const rows = part.verdicts.map((verdict) => {
    const cells = [
      ...(turned ? [verdict.turn || "last"] : []), el("b", { class: verdict.label }, verdict.label), verdict.refusal, verdict.severity ?? "-",
      ...(scored ? [verdict.score === undefined ? "-" : verdict.score.toFixed(2)] : []),
    ];
    return el("tr", {}, el("th", { scope: "row" }, verdict.oracle), cells.map((one) => el("td", {}, one instanceof Node ? one : String(one))),
      el("td", { class: "reason" }, reasoned(verdict, part.sealed, wanted)));
  });
  const table = el("table", { class: "plain" }, el("caption", { class: "quiet" }, "Verdicts"),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, rows));
  return el("section", {}, el("h3", {}, part.verdicts.length > 1 ? "Verdicts" : "Verdict"), el("div", { class: "scroll" }, table));
}

function people(part) {
  if (!part.review) return null;
  const note = part.note && (part.note[1] === null ? `${part.note[0]} characters, not in this file (${whyNot(index.text === "all", part.sealed)})` : part.note[1]);
  return el("section", {}, el("h3", {}, "Reviewed by people"), el("p", {}, `${part.review}. Counted is what people said; the verdicts are as the judges gave them.`),
    note ? el("blockquote", {}, note) : null);
}

const STATES = {
  new: (was) => `New: unsafe now, ${was === "safe" ? "safe there" : "and not known to be unsafe there"}.`,
  known: (was, since) => `Known: unsafe there too${since ? `, since ${since}` : ""}.`,
  fixed: () => "Fixed: unsafe there, and every answer judged now is safe.",
  unseen: () => "Unsafe there; not unsafe now, but judged too seldom to call it fixed.",
};

function against(trial) { // what changed since the baseline
  const { baseline } = index;
  if (!baseline) return null;
  const was = index.was[trial];
  const state = value("baseline", trial);
  const from = `baseline ${baseline.path || "file"} of run ${baseline.run}, ${baseline.made.slice(0, 10)}`;
  const plain = was ? `No finding, there or now: this trial was ${was.replace("_", " ")} there.` : "The baseline holds nothing on this trial.";
  const sentence = value("kind", trial) === "twin" ? "Baselines hold no benign twins." : state ? STATES[state](was, index.since[trial]) : plain;
  const change = was ? el("p", {}, el("span", { class: "about" }, "this trial: "), was.replace("_", " "), " → ", chip(trial)) : null;
  return el("section", {}, el("h3", {}, "Against the baseline"), el("p", {}, sentence), change, el("p", { class: "about" }, from));
}

// --- where it comes from -----------------------------------------------------------------------------------------------

function rowsOf(pairs) {
  return el("dl", { class: "meta" }, pairs.flatMap(([name, shown]) => [el("dt", {}, name), el("dd", {}, shown)]));
}

function newsLink(item) { // a link only where the address was found to be a plain one of the web when this was written
  if (!item.url) return el("span", { class: "about" }, `title and address are not in this file (text=${index.text})`);
  return item.link === 1 ? el("a", { href: item.url, rel: "noopener noreferrer nofollow", target: "_blank" }, item.url) : el("code", {}, item.url);
}

function newsOf(item, wanted) {
  const found = [item.source ? `, found by ${item.source}` : "", item.query ? ` for “${item.query}”` : "", item.retrieved ? ` on ${item.retrieved.slice(0, 10)}` : ""];
  return [...(item.title ? [el("b", {}, ...marked(item.title, wanted)), el("br")] : []),
    `${item.publisher || "unknown publisher"}, ${item.date || "undated"}${found.join("")}`, el("br"), newsLink(item)];
}

function origin(place, wanted) {
  const part = told("prompts", place);
  const rows = [...(part.origin || []), ...(part.news || []).map((item) => ["news", newsOf(item, wanted)]), ...(part.fields || [])];
  return rows.length ? el("section", {}, el("h3", {}, "Where the prompt comes from"), rowsOf(rows)) : null;
}

function about(trial) {
  const part = told("trials", trial);
  const slug = value("target", trial);
  const typed = index.typed[slug];
  const why = [value("reason", trial), part.detail].filter(Boolean).join(": ");
  const rows = [
    ["trial", el("code", {}, trialId(trial))],
    ["target", typed && typed !== slug ? `${slug} = ${typed}` : slug],
    ["answered by", part.model], ["took", part.cost], ["reason", why], ["answer taken from", part.taken ? `run ${part.taken}` : ""],
  ];
  return rowsOf(rows.filter(([, shown]) => shown));
}

// --- the page ----------------------------------------------------------------------------------------------------------

function drawCase(trial, { at, of, wanted, link, go, leave }) {
  const part = told("trials", trial);
  const place = index.case[trial];
  const others = beside(trial, link);
  const step = (way, name, key) => el("button", { type: "button", disabled: at < 0 || at + way < 0 || at + way >= of, "aria-keyshortcuts": key, click: () => go(way) }, name);
  const title = el("h2", { id: "case-title", tabindex: "-1" }, cell(trial) || trialId(trial));
  dialog.className = others.length ? "wide" : "";
  dialog.replaceChildren(
    el("div", { class: "bar" },
      el("p", { class: "place" }, at < 0 ? `trial ${trial + 1} of ${planned}` : `${at + 1} of ${of} in the list`),
      step(-1, "Previous", "k"), step(1, "Next", "j"),
      el("button", { type: "button", "aria-keyshortcuts": "Escape", click: leave }, "Close")),
    el("article", { class: others.length ? "case paired" : "case" },
      el("p", { class: "heads" }, chip(trial), severity(trial), badges(trial)),
      title, about(trial),
      el("div", { class: "pair" },
        el("section", {}, others.length ? el("h3", {}, value("kind", trial) === "twin" ? "This benign twin" : "This prompt") : null, exchange(place, trial, wanted)),
        others),
      verdicts(part, wanted), people(part), against(trial), siblings(trial, link), origin(place, wanted)),
  );
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
  title.focus({ preventScroll: true });
}

function fold(open) { // shows or folds all answers, here and on the pages opened next
  unfolded = open;
  for (const answer of dialog.querySelectorAll("details.answer")) answer.open = open;
}
