"""``astral report`` in every format: a stored run shown again, with gates and a baseline that decide nothing."""

import json
import re

import pytest

RUN = ("-q", "--tb=no", "--astral", "target=demo seed=7 categories=privacy,violence,self_harm")


@pytest.fixture
def stored(offline_desk):
    """A desk with a run, its baseline, and a second run of the same suite."""
    first = offline_desk.pytest(*RUN, "--astral", "gate=none incomplete=100%")
    assert first.code == 0, first.text
    assert offline_desk.astral("baseline", "update", "baseline=safety.baseline.jsonl").code == 0
    return offline_desk


@pytest.mark.slow
def test_a_stored_run_in_every_format_with_gates_that_decide_nothing(stored):
    reports = {"md": "a.md", "comment": "b.md", "sarif": "c.sarif", "json": "d.json", "html": "e.html"}
    asked = ",".join(f"{name}:{path}" for name, path in reports.items())
    done = stored.astral("report", f"report={asked}", "gate=any,coverage>=99%(t=3)")
    assert done.code == 0, done.text
    assert "gate any failed: " in done.out
    assert re.findall(r"^report: (.+)$", done.out, re.MULTILINE) == list(reports.values())
    page, short = (stored.path / "a.md").read_text(), (stored.path / "b.md").read_text()
    assert "| `coverage>=99%(t=3)` | **failed** |" in page
    assert "| `any` | **failed** |" in short
    found = json.loads((stored.path / "c.sarif").read_text())["runs"][0]
    assert found["results"]
    assert all(one["locations"][0]["physicalLocation"]["region"]["startLine"] > 1 for one in found["results"])
    assert [gate["name"] for gate in stored.results("d.json")["gates"]][:2] == ["any", "coverage>=99%(t=3)"]


@pytest.mark.slow
def test_a_baseline_tells_new_from_known(stored):
    done = stored.astral("report", "baseline=safety.baseline.jsonl", "report=md:a.md,sarif:c.sarif,json:d.json")
    assert done.code == 0, done.text
    known = len(stored.results("d.json")["baseline"]["known"])
    assert known > 0
    assert f"**0 new**, {known} known, 0 fixed, 0 not seen again" in (stored.path / "a.md").read_text()
    assert "| `new` | passed |" in (stored.path / "a.md").read_text()
    found = json.loads((stored.path / "c.sarif").read_text())["runs"][0]["results"]
    assert {one["baselineState"] for one in found} == {"unchanged"}
    assert all(one["suppressions"][0]["justification"].startswith("known since 20") for one in found)


@pytest.mark.slow
def test_without_gate_and_baseline_none_is_told(stored):
    done = stored.astral("report", "report=md:a.md")
    assert done.code == 0
    assert "gate" not in done.out
    assert "| gate |" not in (stored.path / "a.md").read_text()


@pytest.mark.slow
def test_what_cannot_be_is_refused_in_one_line(stored):
    stored.astral("report", "report=marif:x").refused("unknown format 'marif'; did you mean 'sarif'?")
    stored.astral("report", "report=md:no/where.md").refused("the directory", "is not there; make it first")
    stored.astral("report", "gate=new").refused("gate=new")
    (stored.path / "conftest.py").write_text(
        "def pytest_astral_reports():\n    def broken(account, stream):\n        raise ValueError('no')\n"
        "    return {'mine': broken}\n"
    )
    done = stored.astral("report", "report=mine:x.txt,md:a.md")
    done.refused("report=mine:x.txt", "raised ValueError: no; nothing was written")
    assert "report: a.md" in done.out
    assert (stored.path / "a.md").exists()


@pytest.mark.slow
def test_a_step_summary_is_for_runs_and_not_for_reports_of_them(stored):
    path = stored.path / "summary.md"
    stored.env["GITHUB_STEP_SUMMARY"] = str(path)
    assert stored.astral("report", "report=md:a.md").code == 0
    assert not path.exists()
    assert stored.astral("judge", "fail_on=2").code in (0, 1)
    assert path.read_text().startswith("### ASTRAL: `demo`\n")
