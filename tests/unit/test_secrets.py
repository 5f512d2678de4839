"""The redactor: known secrets in all spellings, whatever looks like a key, and nothing else."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import CallError, SettingsError
from astral.outfit import make_context
from astral.secrets import MASK, Redactor, is_secret, secrets_of
from astral.settings import parse_settings

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


def test_a_key_is_hidden_inside_of_longer_base64_in_hex_and_backwards():
    key = "canary/7f3b+9d2e51=aa"
    redactor = Redactor([key])
    for before in ("", "u", "us", "user:"):
        for after in ("", ":", ":x"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                encoded = encode(f"{before}{key}{after}".encode()).decode()
                assert base64.b64encode(key.encode()).decode()[4:-6] not in redactor.clean(encoded)
                assert MASK in redactor.clean(encoded)
    for spelling in (key[::-1], key.encode().hex(), key.encode().hex().upper(), json.dumps(json.dumps(key))):
        assert redactor.clean(f"({spelling})") in (f"({MASK})", rf'("\"{MASK}\"")')


@pytest.mark.parametrize(
    ("variables", "secrets"),
    [
        ({"MY_KEY": "abcd-1234-efgh", "HF_TOKEN": " hf-12345678 "}, {"abcd-1234-efgh", "hf-12345678"}),
        ({"DATABASE_URL": "postgres://u:p%40ss-word@h/x"}, {"p%40ss-word", "p@ss-word"}),
        ({"GIT": "https://ghp-0123456789ab@git.invalid/x"}, {"ghp-0123456789ab"}),
        (
            {"A_KEY": "production", "KEY_FILE": "/run/key-1", "TOKENS": "1234567890", "KEY": "a1", "X": "abcd-1234"},
            set(),
        ),
        ({"KEY_URL": "https://keys.invalid/path-1", "BAD": "http://[x@", "MAIL": "mailto://ada@x.invalid"}, set()),
    ],
)
def test_what_of_an_environment_is_secret(variables, secrets):
    assert {*secrets_of(variables)} == secrets


def test_an_error_holds_no_key_and_nothing_live(monkeypatch):
    monkeypatch.setenv("SOME_KEY", "canary-0123456789")
    assert str(CallError("word", "a\x1b[2J\n::error::x canary-0123456789")) == rf"a\u{{1b}}[2J \u{{3a}}:error::x {MASK}"


def test_a_secret_of_the_environment_may_not_be_a_setting():
    settings = parse_settings(["target=demo system=say canary-0123456789"])
    with pytest.raises(SettingsError, match="system= repeats a secret of the environment") as caught:
        make_context(settings, None, None, {"SOME_KEY": "canary-0123456789"})
    assert "canary" not in str(caught.value)
