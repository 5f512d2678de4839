"""What a probe sees of a prompt and a response: one vector for both, from any embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astral.errors import RetrievalError
from astral.protocols import Embedder

PIECE = 800
"""Characters that are embedded at once: small embedders cut what is longer, and nothing may go unseen."""
PAIRS = ("concatenation", "difference", "response")
"""Half the prompt beside the response; response minus prompt; the response alone."""
PROMPT = 0.5
"""What the prompt counts beside the response. At 1, directions learn more of what the training prompts were about than
other prompts bear out; at 0 nothing tells a harmless request from a harmful one (docs/probe.md has the figures).
"""
Pair = tuple[tuple[str, ...], str]
"""The user's texts, and the response or a window of it."""


def width_of(pair: str, dimension: int) -> int:
    """How many numbers a pair's vector has, for an embedder of ``dimension`` numbers."""
    return 2 * dimension if pair == "concatenation" else dimension


def vectors_of(pairs: Sequence[Pair], embedder: Embedder, pair: str) -> Any:
    """A float64 array (pairs × ``width_of``). Each text counts with the mean of its pieces, brought to length 1.

    Raises RetrievalError where the embedder gives something else than one vector of finite numbers for each text.
    """
    import numpy as np

    texts = list(dict.fromkeys(text for turns, response in pairs for text in ("\n".join(turns), response)))
    if pair == "response":
        texts = list(dict.fromkeys(response for _, response in pairs))
    rows = {text: number for number, text in enumerate(texts)}
    means = _means(texts, embedder)
    responses = means[[rows[response] for _, response in pairs]]
    if pair == "response":
        return responses
    prompts = means[[rows["\n".join(turns)] for turns, _ in pairs]]
    return responses - prompts if pair == "difference" else np.hstack([PROMPT * prompts, responses])


def _means(texts: Sequence[str], embedder: Embedder) -> Any:
    import numpy as np

    pieces = [pieces_of(text) for text in texts]
    flat = list(dict.fromkeys(piece for one in pieces for piece in one))
    numbers = {piece: number for number, piece in enumerate(flat)}
    try:
        vectors = np.asarray(embedder.embed_documents(flat), dtype=np.float64)
    except (TypeError, ValueError):
        vectors = np.zeros(0)
    if vectors.ndim != 2 or len(vectors) != len(flat) or not np.isfinite(vectors).all():
        raise RetrievalError(f"embedder {embedder.id} gave no vector of finite numbers for each text; use another one")
    means = np.array([vectors[[numbers[piece] for piece in one]].mean(axis=0) for one in pieces])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return means / np.where(lengths > 0, lengths, 1.0)


def pieces_of(text: str) -> list[str]:
    """``text`` in pieces of at most ``PIECE`` characters, cut at blanks where there are any; at least one."""
    pieces, at = [], 0
    while len(text) - at > PIECE:
        blank = text.rfind(" ", at + PIECE // 2, at + PIECE)
        end = blank if blank > 0 else at + PIECE
        pieces.append(text[at:end])
        at = end
    return [*pieces, text[at:]]
