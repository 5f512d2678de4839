"""The commands of docs/runs.md, typed in their order beside a suite and a local server."""

import re
import shlex
from pathlib import Path

import pytest
from desks import Desk, Scripted
from test_runs import write_cases

from astral.testing.behaviour import judge_answer, response_data, user_text
from astral.testing.replies import completion

PAGE = Path(__file__).parents[2] / "docs" / "runs.md"
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]
TARGET = "target=gpt-4o oracle=llm:judge"


def typed(desk, line, *replaced):
    """What came of a line of the page; ``replaced`` are its placeholders with what stands for them here."""
    for placeholder, word in replaced:
        line = line.replace(placeholder, word)
    program, *words = shlex.split(line)
    done = desk.pytest(*words) if program == "pytest" else desk.astral(*words)
    assert done.code == 0, f"{line}\n{done.text}"


def shard(place, server, setting):
    """The id of a run in a directory of its own (or with others in the same)."""
    place.mkdir(parents=True, exist_ok=True)
    desk = Desk(place, server)
    write_cases(place)
    done = desk.pytest("--rootdir", ".", "--astral", f"{TARGET} shard={setting}")
    assert done.code == 0, done.text
    return re.search(r"^run +(\S+),", done.out, re.MULTILINE)[1]


def test_the_page_holds_the_commands_that_are_tried_here():
    assert len(COMMANDS) == 8
    assert {line.split()[0] for line in COMMANDS} == {"pytest", "astral"}


@pytest.mark.slow
def test_resume_reuse_and_judge(desk, server):
    """The page names judges that the server does not know for such: they are told by what they are asked."""

    def play(request, number):
        asked = user_text(request).startswith("Question")
        return None if asked else completion(judge_answer(response_data(request)))

    server.script = Scripted(play)
    write_cases(desk.path)
    typed(desk, f"pytest --astral '{TARGET}'")
    for line in COMMANDS:
        if "merge" not in line:
            typed(desk, line)


@pytest.mark.slow
def test_merge(desk, server):
    by_id, by_folder, by_file = (line for line in COMMANDS if "merge" in line)
    ids = [shard(desk.path, server, f"{number}/3") for number in (1, 2, 3)]
    typed(desk, by_id, *((f"RUN{number}", id) for number, id in enumerate(ids, 1)))
    folders = [desk.path / "shards" / str(number) for number in (1, 2, 3)]
    for number, folder in enumerate(folders, 1):
        shard(folder, server, f"{number}/3")
    typed(desk, by_folder, ("shards/*", " ".join(map(str, folders))))  # as a shell spells the star
    first = shard(desk.path / "a", server, "1/2")
    shard(desk.path / "b", server, "2/2")
    for name in "ab":
        (desk.path / name / ".astral" / "astral.db").rename(desk.path / f"{name}.db")
    typed(desk, by_file, ("20261121-101530-4f2a", first))
    assert desk.results()["totals"]["overall"]["planned"] == 12
