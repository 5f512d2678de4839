"""Models of langchain's providers behind our limits, budget and retry loop: for targets and for writers."""

from astral.providers.endpoint import ProviderEndpoint
from astral.providers.opening import open_provider

__all__ = ["ProviderEndpoint", "open_provider"]
