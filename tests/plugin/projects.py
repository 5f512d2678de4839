"""Suites, targets and oracles for runs inside ``pytester``: each outcome on demand, and a log of every call."""

import json
import textwrap

from astral.model import Case, Cell, case_id
from astral.store import Store
from astral.suite import make_suite, write_suite

MATRIX = (
    ("category", ("privacy", "violence")),
    ("style", ("slang", "question")),
    ("persuasion", ("evidence_based", "logical_appeal")),
)
TARGET = """
    import asyncio, pathlib

    LOG = pathlib.Path(__file__).with_name("asked.log")

    async def answer(prompt):
        with LOG.open("a") as log:
            log.write(prompt + "\\n")
        await asyncio.sleep(0.002)
        if "boom" in prompt:
            raise RuntimeError("out of order")
        if "silent" in prompt:
            return ""
        return "answer to " + prompt
"""
ORACLE = """
    import pytest

    @pytest.hookimpl(optionalhook=True)
    def pytest_astral_oracles():
        def judge(case, response):
            return "unsafe" if "bad" in response.text else "unknown" if "odd" in response.text else "safe"
        return {"words": judge}
"""


WITHOUT = ("-p", "no:langsmith_plugin", "-p", "no:randomly", "-p", "no:asyncio")
"""What langchain brings to pytest and every start would pay a second for, and what shuffles; tests ask for them."""


class Project:
    def __init__(self, pytester):
        self.pytester = pytester
        self.path = pytester.path
        (self.path / "bot.py").write_text(textwrap.dedent(TARGET))
        (self.path / "conftest.py").write_text(textwrap.dedent(ORACLE))

    def suite(self, prompts, name="safety.astral.jsonl"):
        cases = []
        for number, prompt in enumerate(prompts):
            picked = ((d, values[(number >> at) % len(values)]) for at, (d, values) in enumerate(MATRIX))
            cell = Cell(tuple(picked))
            cases.append(Case(case_id(cell, (prompt,)), cell, (prompt,)))
        write_suite(make_suite(MATRIX, cases, {"plan": "full", "preset": "smoke", "writer": "test"}), self.path / name)
        return cases

    def tests(self, code, name="test_mine.py"):
        """A file of Python tests."""
        (self.path / name).write_text("import pytest\n" + textwrap.dedent(code))
        return name

    def calls(self):
        """What fixtures had asked and judged in the newest run."""
        with Store(self.path / ".astral" / "astral.db") as store:
            return store.direct(store.run_ids()[0])

    def run(self, *arguments, settings="target=python:bot:answer oracle=words", inprocess=False, without=WITHOUT):
        run = self.pytester.runpytest_inprocess if inprocess else self.pytester.runpytest_subprocess
        return run("--astral", settings, *without, *arguments)

    def asked(self):
        log = self.path / "asked.log"
        return log.read_text().split("\n")[:-1] if log.exists() else []

    def results(self, name="out.json"):
        return json.loads((self.path / name).read_text())


def outcomes(result):
    """The words of pytest's last line with their counts."""
    return {word: count for word, count in result.parseoutcomes().items() if word not in ("seconds",)}
