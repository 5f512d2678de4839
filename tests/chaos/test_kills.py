"""``kill -9`` at every request of a run, again and again while it goes on: nothing is lost, and nothing is doubled."""

import pytest
from killing import Chain, undisturbed_run

SWEEP = [
    (stage, concurrency)
    for stage in (
        "before the headers of an answer",
        "in the body of an answer",
        "after the last byte of an answer",
        "between an answer and its judge",
    )
    for concurrency in (1, 8)
]
SWEEP += [("in the body of a verdict", 4), ("after the last byte of a verdict", 4)]
TWO_TARGETS = "target=gpt-4,openai:gpt-4o repeats=2"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return undisturbed_run(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def undisturbed_twins(tmp_path_factory):
    return undisturbed_run(tmp_path_factory.mktemp("undisturbed"), TWO_TARGETS)


@pytest.mark.parametrize("first", range(1, 9))
@pytest.mark.parametrize(("stage", "concurrency"), SWEEP)
def test_kill_9_at_every_request(  # noqa: PLR0917
    desk, server, undisturbed, counted, stage, concurrency, first
):
    """Three kills of one run, two of them while it goes on: the eight chains of a stage are killed at each of the 24
    requests between them.
    """
    chain = Chain(desk, server, undisturbed, concurrency)
    for number in range(first, 25, 8):
        chain.killed(stage, number)
    repeated = chain.finished()
    if first == 1:
        chain.nothing_is_left()
    counted("kills survived", chain.kills)
    counted("requests repeated after kills", repeated)
    counted("cases accounted", len(undisturbed.table))


@pytest.mark.parametrize("concurrency", [1, 8])
def test_kill_9_with_repeats_and_two_targets(desk, server, undisturbed_twins, counted, concurrency):
    """96 trials: 24 cases, put twice to each of two models at one endpoint."""
    chain = Chain(desk, server, undisturbed_twins, concurrency)
    chain.killed("in the body of an answer", 2)
    chain.killed("between an answer and its judge", 11)
    chain.killed("after the last byte of a verdict", 20)
    chain.finished()
    chain.nothing_is_left()
    counted("kills survived", chain.kills)
    counted("cases accounted", len(undisturbed_twins.table))
