"""The processes of xdist: the controller's side of them and their own, and the calls that go between."""

from astral.workers.controller import Workers
from astral.workers.worker import Worker

__all__ = ["Worker", "Workers"]
