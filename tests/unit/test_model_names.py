"""Which names stand for the model that was asked."""

import pytest

from astral.model_names import answers_as


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "GPT-4o"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-0125"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5@20250929"),
        ("gemini-2.0-flash", "models/gemini-2.0-flash-001"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("openai/gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4o", "openai/gpt-4o"),
        ("llama3", "llama3:latest"),
        ("llama3:latest", "llama3"),
        ("gpt-4o", None),
        ("gpt-4o", " "),
        ("", "gpt-4o"),
    ],
)
def test_the_same_model(asked, answered):
    assert answers_as(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o", "gpt-4"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4", "gpt-4-turbo-2024-04-09"),
        ("gpt-4", "gpt-4.1"),
        ("llama3:8b", "llama3:70b"),
        ("gpt-5", "gpt-5-12"),
    ],
)
def test_another_model(asked, answered):
    assert not answers_as(asked, answered)
