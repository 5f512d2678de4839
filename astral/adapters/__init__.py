"""Makes targets, oracles and writers of what people write: a function, a sync method, a factory, a finished object.

What a stranger's code does is bounded in time, looked at before it is used, and harms nobody but itself.
"""

from astral.adapters.checks import checked_response, checked_verdict
from astral.adapters.oracles import adapt_oracle
from astral.adapters.targets import FunctionTarget, adapt_target
from astral.adapters.writers import adapt_writer

__all__ = ["FunctionTarget", "adapt_oracle", "adapt_target", "adapt_writer", "checked_response", "checked_verdict"]
