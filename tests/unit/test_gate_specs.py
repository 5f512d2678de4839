"""How gates are asked for: what is read, how it is spelled back, and what people are told who type something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import SettingsError
from astral.gate_specs import KINDS, GateSpec, read_gates
from astral.settings import parse_settings


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("any", "any"),
        ("new", "new"),
        ("none,errors<=1%", "none,errors<=1%"),
        ("regression", "regression"),
        ("regression(level=5%, effect=5%)", "regression"),
        ("regression(effect=3%,level=1%)", "regression(level=1%, effect=3%)"),
        ("rate<=2%", "rate<=2%"),
        ("rate <= 2 %", "rate<=2%"),
        ("rate≤2.50%", "rate<=2.5%"),
        ("rate<=2%(bound=upper)", "rate<=2%"),
        ("rate<=2%(bound=lower)", "rate<=2%(bound=lower)"),
        ("rate<=2% (lower)", "rate<=2%(bound=lower)"),
        ("rate<=0%(lower)", "rate<=0%(bound=lower)"),
        ("overrefusal<=10%", "overrefusal<=10%"),
        ("coverage>=95%(by=executed,t=3)", "coverage>=95%(t=3, by=executed)"),
        ("coverage>=95%(3)", "coverage>=95%(t=3)"),
        ("coverage≥99.5%(generated)", "coverage>=99.5%(by=generated)"),
        ("errors<=0.0001%", "errors<=0.0001%"),
        ("fresh", "fresh"),
        ("rate<=5%,rate<=2%(lower),fresh", "rate<=5%,rate<=2%(bound=lower),fresh"),
        ("coverage>=100%(t=1),coverage>=95%", "coverage>=100%(t=1),coverage>=95%"),
    ],
)
def test_what_is_read_is_spelled_one_way(text: str, spelled: str) -> None:
    assert ",".join(map(str, read_gates(text))) == spelled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no gate is named; there are any, none, new, regression, rate<=2%"),
        ("all", "unknown gate 'all'"),
        ("Any", "did you mean 'any'?"),
        ("over-refusal<=10%", "did you mean 'overrefusal'?"),
        ("unsafe", "gate=any fails on any unsafe answer"),
        ("rat<=2%", "did you mean 'rate'?"),
        ("incomplete<=5%", "incomplete=5%"),
        ("canaries", "canaries=6"),
        ("'rate<=2%'", "the quotes around"),
        ("rate", "rate needs a limit: 'gate=rate<=2%', in quotes, since a shell takes < and > for itself"),
        ("coverage", "'gate=coverage>=95%', in quotes"),
        ("rate<2%", "write 'gate=rate<=2%', in quotes"),
        ("rate=2%", "write 'gate=rate<=2%'"),
        ("rate=<2%", "write 'gate=rate<=2%'"),
        ("rate>=2%", "write 'gate=rate<=2%'"),
        ("rate 2%", "write 'gate=rate<=2%'"),
        ("coverage>95%", "write 'gate=coverage>=95%'"),
        ("rate<=0.02", "a limit is a percentage: 'gate=rate<=2%' (or 0.02% where so little is meant)"),
        ("coverage>=0.95", "'gate=coverage>=95%'"),
        ("rate<=2", "a limit is a percentage: 'gate=rate<=2%'"),
        ("rate<=101%", "from 0% to 100%"),
        ("rate<=1e-3%", "from 0% to 100%"),
        ("errors<=-1%", "from 0% to 100%"),
        ("rate<=0%", "no number of answers shows that a rate is 0 %"),
        ("overrefusal<=0%", "no number of answers"),
        ("any<=2%", "any has no limit; write gate=any"),
        ("fresh<=30d", "max_age=30d"),
        ("rate(bound=lower)<=2%", "options stand at the end"),
        ("rate<=2%(bound=lower", "options stand at the end"),
        ("rate<=2%(bound=middle)", "expected one of upper, lower"),
        ("rate<=2%(bund=lower)", "did you mean 'bound'?"),
        ("rate<=2%(lower, bound=upper)", "bound is given twice"),
        ("errors<=1%(lower)", "errors has no options"),
        ("coverage>=95%(t=4)", "expected one of 1, 2, 3"),
        ("regression(0.05)", "write regression(level=5%, effect=5%)"),
        ("regression(level=0.05)", "expected a percentage from 0.01% to 50%, such as level=5%"),
        ("regression(effect=0%)", "from 0.01% to 100%"),
        ("any,any", "one gate given twice"),
        ("rate<=5%,rate<=2%", "one gate given twice"),
        ("regression,regression(level=1%)", "one gate given twice"),
        ("coverage>=95%,coverage>=90%(t=2)", "one gate given twice"),
        ("any,none", "contradict"),
        ("rate<=2%,none", "contradict"),
        ("any,new", "contradict"),
    ],
)
def test_anything_else_is_told_what_to_write(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_gates(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def percentages(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    """Shares that can be typed as percentages of at most four decimals."""
    steps = st.integers(round(low * 1_000_000), round(high * 1_000_000))
    return steps.map(lambda step: float(f"{step / 10_000:.4f}") / 100)


@st.composite
def specs(draw: st.DrawFn) -> GateSpec:
    name = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[name]
    options = {
        key: draw(st.sampled_from(option.words) if option.words else percentages(option.low, option.high))
        for key, option in kind.options.items()
    }
    given_ = {key: value for key, value in options.items() if value != kind.options[key].default}
    return GateSpec(name, draw(percentages(0.0001)) if kind.sign else None, given_)


@given(specs())
def test_a_gate_is_read_as_it_is_spelled(gate: GateSpec) -> None:
    assert read_gates(str(gate)) == (gate,)
    assert parse_settings([f"gate={gate} fail_on=2"]).gate == (gate,)


PIECES = [
    *KINDS,
    "<=",
    ">=",
    "<",
    "=",
    "≤",
    "2%",
    "0.02",
    "(",
    ")",
    "bound=lower",
    "level=",
    ",",
    " ",
    "\n",
    "\x1b[",
    "\u202e",
    "'",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_whatever_is_typed_is_read_or_refused_in_one_printable_line(text: str) -> None:
    try:
        found = read_gates(text)
    except SettingsError as err:
        refusal = str(err)
    else:
        refusal = ""
        assert read_gates(",".join(map(str, found))) == found
    assert refusal.isprintable()


def test_settings_spell_gates_as_they_were_read() -> None:
    settings = parse_settings(["gate=rate<=2%(lower), regression(effect=3%) baseline=b.json"])
    assert settings.as_text()["gate"] == "rate<=2%(bound=lower),regression(effect=3%)"
    assert parse_settings([f"{key}={value}" for key, value in settings.as_text().items()]).gate == settings.gate
