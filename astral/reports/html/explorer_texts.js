"use strict";
// What the page knows of its trials: the index at once, the texts in blocks that are read when somebody needs them.

const BLOCKS_KEPT = 12; // parsed blocks that stay in memory
const FIRST_SLICE_MS = 40; // a search that is over by then is never seen to be under way
const SLICE_MS = 14; // after that, the page stays alive between slices
const REDRAW_MS = 120; // how often a search under way shows what it has found so far

const $ = (id) => document.getElementById(id);
const index = JSON.parse($("explorer-index").textContent);
const facets = index.facets;
const planned = index.case.length;
const keptBlocks = new Map();

function el(tag, traits, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits || {})) {
    if (name === "click") made.addEventListener("click", value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== "")); // strings become text nodes, nothing else
  return made;
}

function parsed(kind, number) {
  return JSON.parse(document.querySelector(`script[data-${kind}="${number}"]`).textContent);
}

function told(kind, place) { // all that the file holds of one prompt or trial
  const number = Math.floor(place / index.block);
  const name = `${kind}${number}`;
  const block = keptBlocks.get(name) || parsed(kind, number);
  keptBlocks.delete(name);
  keptBlocks.set(name, block);
  if (keptBlocks.size > BLOCKS_KEPT) keptBlocks.delete(keptBlocks.keys().next().value);
  return block[place % index.block];
}

function faceted(role) {
  return facets.find((facet) => facet.role === role);
}

function values(facet, trial) { // the numbers of the values that a trial has
  return facet.sets ? facet.sets[facet.column[trial]] : [facet.column[trial]];
}

function value(role, trial) { // the one value of a trial, as the record spells it
  const facet = faceted(role);
  return facet ? facet.values[facet.column[trial]][0] : "";
}

function words(role, trial) { // the one value of a trial, as people read it
  const facet = faceted(role);
  return facet ? facet.values[facet.column[trial]][1] : "";
}

function cell(trial) {
  return facets.filter((facet) => facet.role === "dimension").map((facet) => facet.values[facet.column[trial]][1]).join(" / ");
}

function trialId(trial) {
  const repeat = index.repeat[trial];
  return `${index.cases[index.case[trial]]}.${value("target", trial)}${repeat > 1 ? `.r${repeat}` : ""}`;
}

// --- the search --------------------------------------------------------------------------------------------------------

const straw = { prompts: [], trials: [] }; // lower-case text of each prompt and trial, once it was needed
let sought = 0; // the number of the search under way
let searched = { text: "", found: null }; // the last search that came to its end

function texts(parts) { // the strings somewhere in a part of a block
  if (typeof parts === "string") return parts;
  return parts && typeof parts === "object" ? Object.values(parts).map(texts).join("\n") : "";
}

function tellingOf(part) { // what a judge said is searched in its words; its labels have a filter
  const judged = (part.verdicts || []).map((verdict) => [verdict.reason, verdict.signals]);
  return [part.answers, judged, part.detail, part.review, part.note, part.model];
}

function grown(kind, place, first, telling) { // the text to search of one prompt or trial; its whole block is read at once
  if (straw[kind][place] === undefined) {
    const from = Math.floor(place / index.block) * index.block;
    parsed(kind, from / index.block).forEach((part, at) => {
      straw[kind][from + at] = `${first(from + at)}\n${texts(telling(part))}`.toLowerCase();
    });
  }
  return straw[kind][place];
}

const ofCase = (place) => grown("prompts", place, (at) => index.cases[at], (part) => part);
const ofTrial = (place) => grown("trials", place, (at) => `${trialId(at)}\n${cell(at)}\n${value("reason", at)}`, tellingOf);

function asWords(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function search(text, draw) { // draws with what was found so far, and how far the search came, from 0 to 1
  const mine = ++sought;
  const wanted = asWords(text);
  if (!wanted.length) {
    searched = { text: "", found: null };
    return draw(null, 1);
  }
  const before = searched.found && text.startsWith(searched.text) ? searched.found : null; // typing on only narrows it
  const found = new Uint8Array(planned);
  const known = wanted.map(() => new Int8Array(index.cases.length)); // of each prompt: 1 has the word, -1 has not
  const has = (trial) => wanted.every((word, at) => {
    const place = index.case[trial];
    if (!known[at][place]) known[at][place] = ofCase(place).includes(word) ? 1 : -1;
    return known[at][place] === 1 || ofTrial(trial).includes(word);
  });
  let next = 0;
  let drawn = performance.now();
  (function slice(ms) {
    if (mine !== sought) return;
    const until = performance.now() + ms;
    for (; next < planned; next++) {
      if (before && !before[next]) continue;
      if (has(next)) found[next] = 1;
      if (next % 16 === 0 && performance.now() > until) break;
    }
    if (next >= planned) {
      searched = { text, found };
      draw(found, 1);
      return;
    }
    next++;
    if (performance.now() - drawn > REDRAW_MS) {
      draw(found, next / planned);
      drawn = performance.now();
    }
    setTimeout(slice, 0, SLICE_MS);
  })(FIRST_SLICE_MS);
}

function warm() { // reads what a search will need while the reader still types
  const left = [];
  for (let at = 0; at < index.cases.length; at += index.block) left.push(() => ofCase(at));
  for (let at = 0; at < planned; at += index.block) left.push(() => ofTrial(at));
  (function slice() {
    const until = performance.now() + SLICE_MS;
    while (left.length && performance.now() < until) left.pop()();
    if (left.length) setTimeout(slice, 0);
  })();
}
