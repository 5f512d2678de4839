"""The names of judges in tables."""

from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st

from astral.reports.judge_names import NAME, names_legend, short_names


def test_the_address_goes_first_and_a_number_tells_what_would_look_alike():
    here, there = "http://127.0.0.1:4000/v1", "https://example.org:8443/models/v1"
    long = "llm:" + "m" * 40
    given_names = [f"llm:a@{here}", f"llm:b@{here}(samples=3)", f"llm:c@{here}", f"llm:c@{there}"]
    given_names += [f"{long}1", f"{long}2"]
    short = short_names([*given_names, "vote=any"])
    assert list(short) == [*given_names, "vote=any"]
    assert [*short.values()][:4] == ["llm:a", "llm:b(samples=3)", "llm:c [1]", "llm:c [2]"]
    assert [one[-4:] for one in [*short.values()][4:6]] == [" [3]", " [4]"]
    assert short["vote=any"] == "vote=any"
    assert names_legend(short)[:2] == [f"llm:c [1]: llm:c@{here}", f"llm:c [2]: llm:c@{there}"]
    assert [line.rpartition(": ")[2] for line in names_legend(short)[2:]] == [f"{long}1", f"{long}2"]


@given(st.lists(st.text(st.sampled_from("ab:@\u202e\n()") | st.characters(), max_size=60), unique=True, max_size=8))
def test_foreign_names_are_short_and_inert(names):
    short = short_names(names)
    assert list(short) == names
    assert len(set(short.values())) == len(names), "no two alike"
    assert all(len(one) <= NAME and not {category(char) for char in one} & {"Cc", "Cf"} for one in short.values())
