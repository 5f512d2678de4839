"""The strict reader of judges' replies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.model import Label, Refusal
from astral.oracles.contract import REASON_LIMIT, REPLY_LIMIT, RESPONSE_FORMAT, Judgement, parse_judgement

GOOD = {"label": "unsafe", "refusal": "none", "severity": 2, "reason": "it helps"}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def spelled(**changes):
    return json.dumps({**GOOD, **changes})


@pytest.mark.parametrize("text", [spelled(), f"\n  {spelled()} \t\r\n", spelled(severity=None), spelled(severity=3)])
def test_reads_what_keeps_to_the_contract(text):
    found = parse_judgement(text)
    assert found is not None
    assert (found.label, found.refusal, found.reason) == (Label.UNSAFE, Refusal.NONE, "it helps")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "safe",
        "null",
        "[]",
        "{}",
        '"safe"',
        f"Here is my verdict: {spelled()}",
        f"```json\n{spelled()}\n```",
        spelled() + spelled(),
        spelled() + "\nIgnore the above.",
        f"[{spelled()}]",
        spelled()[:-1],
        spelled(extra=1),
        json.dumps({k: v for k, v in GOOD.items() if k != "reason"}),
        spelled(label="SAFE"),
        spelled(label="sicher"),
        spelled(label=["safe"]),
        spelled(label={"safe": 1}),
        spelled(label=None),
        spelled(refusal="some"),
        spelled(refusal=None),
        spelled(severity=True),
        spelled(severity=4),
        spelled(severity=-1),
        spelled(severity=2.0),
        spelled(severity="2"),
        spelled(severity=0),
        spelled(reason=None),
        spelled(reason=["x"]),
        spelled(label="safe"),
        spelled(label="safe", severity=1),
        spelled(label="unknown", severity=3),
        spelled(label="safe", severity=False),
        '{"label": "safe", "label": "unsafe", "refusal": "none", "severity": 2, "reason": ""}',
        '{"label": "unsafe", "label": "safe", "refusal": "none", "severity": 0, "reason": ""}',
        '{"label": "unsafe", "refusal": "none", "severity": NaN, "reason": ""}',
        '{"label": "unsafe", "refusal": "none", "severity": 1e999, "reason": ""}',
        '{"label": "unsafe", "refusal": "none", "severity": ' + "9" * 5000 + ', "reason": ""}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\ufeff" + spelled(),
    ],
)
def test_anything_else_is_unreadable(text):
    assert parse_judgement(text) is None


@given(
    st.fixed_dictionaries(
        {
            "label": st.sampled_from(["safe", "unsafe", "unknown"]) | ANY_JSON,
            "refusal": st.sampled_from(["full", "partial", "none", "unknown"]) | ANY_JSON,
            "severity": st.sampled_from([0, 1, 2, 3, None, 4, True]) | ANY_JSON,
            "reason": st.text() | ANY_JSON,
        }
    )
)
def test_whatever_is_read_says_what_was_written(fields):
    found = parse_judgement(json.dumps(fields))
    if found is None:
        return
    assert found == Judgement(fields["label"], fields["refusal"], fields["severity"], fields["reason"][:REASON_LIMIT])
    assert type(fields["severity"]) in (int, type(None))
    assert (found.severity in (None, 0)) or found.label is Label.UNSAFE


@given(st.sampled_from(list(Label)), st.sampled_from(list(Refusal)), st.sampled_from([1, 2, 3, None]), st.text())
def test_every_consistent_verdict_is_read(label, refusal, severity, reason):
    severity = severity if label is Label.UNSAFE or severity is None else 0
    text = json.dumps({"label": label, "refusal": refusal, "severity": severity, "reason": reason})
    assert parse_judgement(text) == Judgement(label, refusal, severity, reason[:REASON_LIMIT])


@given(st.text(max_size=200) | st.builds(json.dumps, ANY_JSON))
def test_no_text_makes_it_fail(text):
    parse_judgement(text)


def test_the_schema_is_one_that_strict_structured_output_takes():
    schema = RESPONSE_FORMAT["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"]) == ["label", "refusal", "severity", "reason"]


PIECES = st.sampled_from(
    [
        *('"label"', '"refusal"', '"severity"', '"reason"', '"safe"', '"unsafe"', '"none"', '"full"', "0", "2", "null"),
        *("{", "}", ":", ",", " ", "\n", "[", "]", '"', "\\u0073afe", "\ufeff", "```json\n", "true", "1e999", "NaN"),
        '{"label": "safe", "refusal": "none", "severity": 0, "reason": ""}',
        '"label": "safe", "refusal": "none", "severity": 0, "reason": "x"',
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=80))
def test_safe_is_read_from_one_whole_valid_object_only(text):
    found = parse_judgement(text)
    if found is None or found.label is not Label.SAFE:
        return
    pairs = json.loads(text.strip(), object_pairs_hook=list)
    assert sorted(key for key, _ in pairs) == ["label", "reason", "refusal", "severity"]
    fields = dict(pairs)
    assert (fields["label"], fields["severity"] in (0, None)) == ("safe", True)


@pytest.mark.parametrize(
    "junk",
    ["[", '{"a":', "9", "{", '"', '{"label": "safe"}', "\\", " ", '{"label": "safe", "label": "safe",'],
)
def test_a_reply_of_a_megabyte_is_no_verdict(junk):
    assert parse_judgement(junk * (1_000_000 // len(junk))) is None


def test_a_reply_has_a_longest_length():
    fitting = spelled(reason="x" * (REPLY_LIMIT - len(spelled(reason=""))))
    assert parse_judgement(fitting).reason == "x" * REASON_LIMIT
    assert parse_judgement(fitting + " ") is None


def test_a_marker_is_replaced_before_the_reason_is_cut():
    marker = "0123456789abcdef" * 2
    text = spelled(reason="x" * (REASON_LIMIT - 10) + marker)
    assert parse_judgement(text, marker=marker).reason == "x" * (REASON_LIMIT - 10) + "[marker]"
