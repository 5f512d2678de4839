"""The files of docs/targets.md are files that work."""

import json
import re
from pathlib import Path

import pytest
from desks import SMALL

from astral.targets.http_file import KEYS
from astral.testing.replies import Reply, of_json

PAGE = (Path(__file__).parents[2] / "docs" / "targets.md").read_text()
FILES = re.findall(r"```toml\n(url = .*?)```", PAGE, re.DOTALL)
REPLIES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
ANSWERS = [of_json(reply) for reply in REPLIES] + [Reply(200, {}, b"I'm sorry, I can't help with that.")]


def test_every_file_has_its_reply():
    assert len(FILES) == len(ANSWERS) == 3


@pytest.mark.parametrize("number", range(3))
def test_a_file_of_the_docs_works(desk, server, number):
    server.routes["/"] = lambda logged, attempt: ANSWERS[number]
    desk.env["BOT_KEY"] = "a-key-of-the-docs-1"
    text, count = re.subn("https://bot.example.com", server.url.removesuffix("/v1"), FILES[number])
    assert count == 1
    desk.write("bot.toml", text)
    done = desk.pytest("--astral", f"target=http:bot.toml oracle=offline report=json:out.json {SMALL}")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": 24}
    assert {case["response"]["text"].replace("\n", " ") for case in desk.results()["cases"]} == {
        "I'm sorry, I can't help with that."
    }


def test_the_table_names_every_key():
    table = PAGE[PAGE.index("| key | what |") :]
    rows = [line.split("|")[1] for line in table.split("\n\n")[0].split("\n")[2:]]
    assert {name.strip("[]") for row in rows for name in re.findall(r"`([^`]+)`", row)} == set(KEYS)
