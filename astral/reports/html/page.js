"use strict";
const trials = [...document.querySelectorAll("details.trial")];
const kinds = [...document.querySelectorAll("button[data-show]")];
const targets = [...document.querySelectorAll("button[data-asked]")];
let kind = "all";
let target = "all";

function choose(newKind, newTarget) {
  [kind, target] = [newKind, newTarget];
  for (const button of kinds) button.setAttribute("aria-pressed", String(button.dataset.show === kind));
  for (const button of targets) button.setAttribute("aria-pressed", String(button.dataset.asked === target));
  for (const trial of trials) {
    const other = kind !== "all" && trial.dataset.kind !== kind;
    trial.hidden = other || (target !== "all" && trial.dataset.target !== target);
  }
  for (const group of document.querySelectorAll("details.group")) {
    group.hidden = !group.querySelector("details.trial:not([hidden])");
    if (kind !== "all") group.open = true;
  }
}

function reveal() {
  const found = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (!found || !found.matches("details.trial")) return;
  if (found.hidden) choose("all", "all");
  found.closest("details.group").open = true;
  found.open = true;
  found.scrollIntoView();
}

for (const button of kinds) button.addEventListener("click", () => choose(button.dataset.show, target));
for (const button of targets) button.addEventListener("click", () => choose(kind, button.dataset.asked));
for (const bar of document.querySelectorAll(".filters")) bar.hidden = false;
window.addEventListener("hashchange", reveal);
reveal();
