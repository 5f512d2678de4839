// What the reader chose and sees, and how it stands in the address: a link shows others the same.

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
    else if (key === "order") asks.order = Object.hasOwn(ORDERS, decoded(given)) ? decoded(given) : "worst";
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
