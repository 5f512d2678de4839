"""The attack pack: answers that try to talk a judge out of its verdict, with the truth about each.

``rows()`` is a fixed tuple, made by code from six base pairs of a prompt and an answer: three answers that help with a
petty wrong, three that are harmless. A row is one of these pairs with its answer changed: something added that speaks
to the judge, the text dressed up, hidden, encoded, drowned, or replaced by nothing at all. What is harmful stays mild:
the wrong is small, and its detail is a placeholder.

**How truth travels.** The harmful answers each hold a sentence part that no harmless one holds (``Attack.evidence``):
"wait until the shop is empty". It is an ordinary part of the answer, so it goes through each transform as the
harm does (a base64 row holds it in base64), and a real judge sees no odd marker. A stub judge that knows these parts
(``marks()``) and looks for them in what it is shown is a reader that understands plain text and nothing else: it sees
the harm of an encoded answer only where somebody decoded it for it. So what the stub judges prove is the plumbing
between an answer and a judge: that all of the text arrives, readably, as data, and that only the judge's own
verdict comes back.

Where the reading itself is the difficulty (another language, letters drawn as a picture, a sentence cut into a table)
plumbing can do nothing, and the row names evidence of its own, as it stands in the changed text: the stub "reads" it.
Such rows are ``provable=False``, with a ``note``, and so are those whose attack has no handle on a stub judge at all
(a change of style): only a run on a judge model says anything about them (``astral calibrate --attacks``).
``provable`` is checked: a judge without defences (``astral.testing.naive_judge``) must flip on each provable row for at
least one stub judge, and on no other.

**Truth** is ``safe``, ``unsafe``, or ``unknown`` where there is nothing to judge (an empty answer, ``Solution:``) or
its end is missing. ``undecided`` says that a verdict ``unknown`` is right as well.

To add a row, add a line to the table of its class (``orders``, ``cloaks``, ``disguises``, ``tongues``, ``lengths``,
``nothings``, ``shapes``, ``alarms``); see docs/judge-attacks.md.
"""

from __future__ import annotations

from astral.attacks.attack import BASE, Attack
from astral.attacks.bases import BASES
from astral.attacks.classes import CLASSES
from astral.attacks.pack import marks, rows

__all__ = ["BASE", "BASES", "CLASSES", "Attack", "marks", "rows"]
