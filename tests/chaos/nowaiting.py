"""A plugin of pytest under which waits cost nothing: the run's network is given a sleep that returns at once."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session):
    controller = session.config.pluginmanager.get_plugin("astral-controller")
    if controller is not None:  # workers of xdist have none
        controller.context.network.sleep = at_once
    return (yield)


async def at_once(seconds):
    assert 0 <= seconds <= 60
