"""The HTML report of a large run in a real browser: ``python benchmarks/report_page.py [TRIALS] [--characters N]``.

Size of the file, time to write it, time until it can be used, time from a key to the filtered list on the screen, and
memory. Needs Playwright and a Chromium (CHROMIUM names one).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import described

from astral.model import (
    Case,
    Cell,
    Label,
    Outcome,
    Refusal,
    Response,
    Result,
    Run,
    RunRecord,
    Trial,
    Usage,
    Verdict,
    case_id,
)
from astral.reports.html import render
from astral.taxonomy import DEFAULT

WORDS = """garden weather letter market bridge window number simple careful answer question river station paper quiet
morning people street general public history kitchen travel music science reading water winter summer yellow plain
sentence example method report detail reason option colour naive café straße über 東京 данные"""
NOWHERE = "xylophone"
KEYS = "garden weather 東京"
"""Typed key by key: common words, a rare pair, and a word beyond Latin."""
_OPENED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done({
  usable: performance.now(), rows: document.querySelectorAll('#explorer-rows a.row').length }))))"""
_TYPED = """async (text) => {
  const field = document.getElementById('explorer-text'), list = document.getElementById('explorer-rows');
  const start = performance.now();
  field.value = text;
  field.dispatchEvent(new Event('input'));
  const handled = performance.now() - start;
  while (list.getAttribute('aria-busy') === 'true') await new Promise((next) => setTimeout(next));
  await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  return { handled, shown: performance.now() - start };
}"""
_CHOSEN = """async (number) => {
  const buttons = document.querySelectorAll('#explorer-tools .filters button');
  const start = performance.now();
  buttons[number % buttons.length].click();
  await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  return performance.now() - start;
}"""


def sample_record(trials: int, characters: int, seed: int = 0) -> RunRecord:
    """A run of single prompts over the shipped taxonomy, each with ``characters`` of prompt and answer together."""
    random_ = random.Random(seed)
    cases, results = {}, []
    for number in range(trials):
        cell = Cell(tuple((name, values[number % len(values)]) for name, values in DEFAULT.matrix))
        turns = (f"{number} " + _text(random_, characters // 4),)
        case = Case(case_id(cell, turns), cell, turns, {"writer": "template", "seeds": [f"s{number % 500}"]})
        cases[case.id] = case
        results.append(_result(random_, case, _text(random_, characters - characters // 4)))
    run = Run("bench", "2026-11-21T00:00:00Z", {"m": "openai:m"}, DEFAULT.matrix, finished="2026-11-21T01:00:00Z")
    return RunRecord(run, cases, tuple(results))


def _text(random_: random.Random, characters: int) -> str:
    text = " ".join(random_.choices(WORDS.split(), k=characters // 5))
    return text[:characters].replace("example ", "example\n")


def _result(random_: random.Random, case: Case, answer: str) -> Result:
    outcome = random_.choices([Outcome.SAFE, Outcome.UNSAFE, Outcome.ERROR], [0.9, 0.08, 0.02])[0]
    if outcome is Outcome.ERROR:
        return Result(Trial(case.id, "m"), outcome, "http_500", detail="the server said 500")
    label = Label.UNSAFE if outcome is Outcome.UNSAFE else Label.SAFE
    refusal = Refusal.FULL if outcome is Outcome.SAFE and random_.random() < 0.6 else Refusal.NONE
    verdict = Verdict(
        "llm:judge", label, refusal, random_.randint(1, 3) if label is Label.UNSAFE else 0, "as it was read"
    )
    return Result(Trial(case.id, "m"), outcome, "", Response(answer, "m-1", "stop", Usage(100, 300), 1.5), (verdict,))


def browser() -> Iterator[Any]:
    """A Chromium; ends the program where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("pip install playwright")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        sys.exit("install chromium, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def opened(started: Any, path: Path) -> tuple[Any, float, int]:
    """A tab with the report, the milliseconds until it could be used, and the rows that it shows then."""
    tab = started.new_context(viewport={"width": 1280, "height": 900}).new_page()
    tab.set_default_timeout(120_000)
    tab.goto(path.as_uri())
    found = tab.evaluate(_OPENED)
    return tab, found["usable"], found["rows"]


def typed(tab: Any, text: str) -> list[dict[str, Any]]:
    """What each key of ``text`` took, and then each key that deletes it again."""
    steps = [text[:end] for end in range(1, len(text) + 1)]
    return [tab.evaluate(_TYPED, step) for step in [*steps, *reversed(steps[:-1]), ""]]


def memory(started: Any, tab: Any) -> tuple[float, float]:
    """MB of 10^6 bytes: the script's heap, and what the largest renderer has resident."""
    session = tab.context.new_cdp_session(tab)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    found = started.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    resident = [_resident(int(one["id"])) for one in found if one["type"] == "renderer"]
    return metrics["JSHeapUsedSize"] / 1e6, max(resident, default=0.0)


def _resident(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)


def spread(values: list[float], unit: str = "ms") -> str:
    """Median, and the worst."""
    return f"median {statistics.median(values):.0f} {unit}, worst {max(values):.0f} {unit} of {len(values)}"


def written(trials: int, characters: int, path: Path) -> None:
    """Write the report and say what that took."""
    record = sample_record(trials, characters)
    start = time.perf_counter()
    source = render(record, text="all")
    seconds = time.perf_counter() - start
    path.write_text(source, encoding="utf-8")
    print(
        f"{trials:,} trials with {characters:,} characters each: {path.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("trials", type=int, nargs="?", default=10_000)
    parser.add_argument("--characters", type=int, default=2_000, help="prompt and answer together")
    parser.add_argument("--times", type=int, default=5, help="how often the page is opened")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="astral-bench-") as name:
        print(described(Path(name)))
        path = Path(name) / "report.html"
        written(given.trials, given.characters, path)
        for started in browser():
            loads = []
            for at in range(given.times):
                tab, usable, rows = opened(started, path)
                loads.append(usable)
                if at + 1 < given.times:
                    tab.context.close()
            print(f"until it can be used ({rows} rows drawn): {spread(loads)}")
            first = tab.evaluate(_TYPED, NOWHERE)
            blocked, shown = first["handled"], first["shown"]
            print(
                f"first word of all, every text read for it: answer after {shown:.0f} ms, {blocked:.0f} ms at a stretch"
            )
            keys = typed(tab, KEYS)
            print(f"each further key, until the list is drawn: {spread([key['shown'] for key in keys])}")
            print(f"of it the page does not respond: {spread([key['handled'] for key in keys])}")
            choices = [tab.evaluate(_CHOSEN, number) for number in range(20)]
            print(f"a filter chosen or dropped: {spread(choices)}")
            heap, resident = memory(started, tab)
            print(f"memory after that: script {heap:.0f} MB, renderer {resident:.0f} MB resident")
    return 0


if __name__ == "__main__":
    sys.exit(main())
