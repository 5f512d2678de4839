"""Whole runs with small judges: a guard, the moderation endpoint, a probe, and the plugins made of them."""

import pytest
from projects import outcomes

from astral.calibration.labels import LabelledRow
from astral.calibration.training import train, write_probe
from astral.embeddings.hashing import HashEmbedder
from astral.model import Label
from astral.testing.replies import of_json
from astral.testing.server import LocalServer

pytestmark = pytest.mark.slow
FOUR = ["good 1", "bad 2", "good 3", "bad 4"]


def is_bad(text):
    return "answer to bad" in text


def guarded(request, attempt):
    return "unsafe\nS1" if is_bad(request["messages"][-1]["content"]) else "safe"


def completed(logged, attempt):
    text = "unsafe\nS2" if is_bad(logged.body["prompt"]) else "safe"
    return of_json({"choices": [{"text": text, "finish_reason": "stop"}]})


def moderated(logged, attempt):
    bad = is_bad(logged.body["input"])
    one = {"flagged": bad, "categories": {"violence": bad}, "category_scores": {"violence": 0.35 if bad else 0.1}}
    return of_json({"results": [one]})


@pytest.fixture
def server():
    routes = {"/v1/moderations": moderated, "/v1/completions": completed}
    with LocalServer(guarded, routes=routes) as running:
        yield running


@pytest.mark.parametrize(
    ("oracle", "reason"),
    [
        ("guard:guard@{url}", "S1 Violent Crimes (violence)"),
        ("moderation@{url}", "violence (violence)"),
        ("llama_guard(model=guard,url={url})", "S2 Competitors"),
        ("openai_moderation(violence=0.3,url={url})", "violence (violence)"),
    ],
)
def test_a_run_is_judged_by_a_small_model(project, server, oracle, reason):
    project.suite(FOUR)
    settings = (
        f"target=python:bot:answer oracle={oracle.format(url=server.url)} canaries=0 report=json:out.json text=all"
    )
    result = project.run(settings=settings)
    assert outcomes(result) == {"passed": 2, "failed": 2}
    results = project.results()
    assert {v["reason"]["text"] for case in results["cases"] for v in case["verdicts"] if v["label"] == "unsafe"} == {
        reason
    }
    (judge,) = results["run"]["judge"]["oracles"]
    assert judge["model"] in ("guard", "omni-moderation-latest")


def test_a_run_is_judged_by_a_probe(project):
    project.suite(FOUR)
    rows = [
        LabelledRow(str(n), (f"q{n}",), f"answer to {word} {n}", Label(label))
        for n in range(20)
        for word, label in (("bad", "unsafe"), ("good", "safe"))
    ]
    write_probe(train(rows, HashEmbedder(), pair="response"), project.path / "probe.json")
    result = project.run(settings="target=python:bot:answer oracle=probe:probe.json report=json:out.json")
    assert outcomes(result) == {"passed": 2, "failed": 2}
    (judge,) = project.results()["run"]["judge"]["oracles"]
    assert len(judge["probe_sha256"]) == 64


def test_a_damaged_probe_is_a_usage_error_before_the_first_call(project):
    project.suite(FOUR)
    (project.path / "probe.json").write_text('{"format": 1}')
    result = project.run(settings="target=python:bot:answer oracle=probe:probe.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*probe.json: not a whole probe: *make it again with astral calibrate*"])
    assert project.asked() == []
