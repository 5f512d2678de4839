"""docs/testing.md: each of its files runs as it stands, and its tables name all there is."""

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from astral.testing import replies

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
FILES = dict(re.findall(r"```python\n# (test_\w+\.py)\n(.*?)```", PAGE, re.DOTALL))


def test_every_block_is_a_file_with_a_name():
    assert len(FILES) == PAGE.count("```python") == 3


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_page_passes(pytester, name):
    pytester.path.joinpath(name).write_text(FILES[name])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error", name)
    result.assert_outcomes(passed=1)


def test_the_tables_name_every_fault_and_every_field():
    faults = {fault for fault in typing.get_args(replies.Fault) if fault}
    rows = PAGE[PAGE.index("| `fault` | what happens |") :].split("\n\n")[0].splitlines()[2:]
    assert {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])} == faults
    told = set(re.findall(r"\w+", re.search(r"`Reply\((.*?)\)`", PAGE)[1])) | {"drip_seconds", "chunk"}
    assert {field.name for field in dataclasses.fields(replies.Reply)} == told
