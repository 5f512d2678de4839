"""Models with nasty names: their trials have legal ids of their own, and no file is made for a name."""

import pytest
from desks import Desk

from astral.testing.server import LocalServer

NAMES = [
    "../../../outside",
    "a/b",
    "con",
    "--collect-only",
    "x" * 300,
    "x" * 299 + "y",
    "GPT-9",
    "gpt-9",
    "::error::x",
    "mod\u202eel",
    "{{7*7}}",
    "%s",
    "a[b]",
]


@pytest.mark.slow
@pytest.mark.parametrize("dist", [(), ("-n", "2")])
def test_nasty_names_of_models(tmp_path, dist):
    home = tmp_path / "a" / "b"
    home.mkdir(parents=True)
    with LocalServer() as server:
        desk = Desk(home, server)
        desk.env |= {"PYTEST_PLUGINS": "astral.plugin,xdist.plugin"} if dist else {}
        one = "preset=smoke categories=privacy styles=slang persuasion=logical_appeal oracle=offline preflight=off"
        targets = ",".join(f"openai:{name}@{server.url}" for name in NAMES)
        done = desk.pytest("--astral", f"target={targets}", "--astral", f"{one} report=json:out.json", *dist, "-v")
        asked = {logged.model for logged in server.requests}
    document = desk.results()
    assert document["totals"]["overall"]["planned"] == document["totals"]["overall"]["safe"] == len(NAMES), done.text
    assert asked == set(NAMES)
    slugs = document["run"]["targets"]
    assert len(slugs) == len({name.casefold() for name in slugs}) == len(NAMES)
    assert {path.name for path in tmp_path.iterdir()} == {"a"}
    made = {path.split("/")[0] for path in desk.files()}
    assert made <= {"out.json", ".astral", ".pytest_cache", "safety.astral.jsonl"}
    assert not any(line.startswith("::error") for line in done.text.splitlines())
    assert "\u202e" not in done.text
