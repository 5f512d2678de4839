"""The redactor: known secrets in all spellings, whatever looks like a key, and nothing else."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.secrets import MASK, Redactor, is_secret

SECRET = "pass/word+of=7 \u00e9"


@pytest.mark.parametrize(
    "spelling",
    [SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()],
    ids=["raw", "JSON", "URL", "base64"],
)
@given(before=st.text(), after=st.text())
def test_a_known_secret_is_hidden_in_every_spelling(spelling, before, after):
    cleaned = Redactor([SECRET]).clean(before + spelling + after)
    assert spelling not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "sk-abcdefgh",
        "sk-proj-0123****6789",
        "tvly-0123456789",
        "gsk-abcdefgh1",
        "Bearer abcdefgh",
        "BEARER\u2003abcdefgh",
        "api_key=abcdefgh",
        'API-KEY": "abcdefgh',
        "Authorization: abcdefgh",
    ],
)
@given(before=st.sampled_from(["", " ", "(", "\u00e9 ", "desk-top ", "task-"]), after=st.sampled_from(["", " ", ")"]))
def test_what_looks_like_a_key_is_hidden(text, before, after):
    assert "abcdefgh" not in Redactor().clean(before + text + after)
    assert MASK in Redactor().clean(f"{before} {text}{after}")


@pytest.mark.parametrize(
    "text", ["", "risk-taking people", "a desk-top-computer", "sk-short", "bearer of news", "an API key is a secret"]
)
def test_ordinary_text_is_left_as_it_is(text):
    assert Redactor(["another-secret"]).clean(text) == text


def test_the_longest_secret_is_hidden_first_and_a_short_one_not_at_all():
    redactor = Redactor(["secret-one", "secret-one-and-two", "short"])
    assert redactor.clean("secret-one-and-two, secret-one, short") == f"{MASK}, {MASK}, short"


def test_the_secrets_of_an_address_are_learnt():
    redactor = Redactor()
    redactor.learn_url("https://news.example/feed?token=abcdef-123&q=ordinary")
    assert redactor.clean("abcdef-123 ordinary") == f"{MASK} ordinary"


@pytest.mark.parametrize(("name", "secret"), [("api_key", True), ("token", True), ("key_env", False), ("model", False)])
def test_names_of_secrets(name, secret):
    assert is_secret(name) is secret
