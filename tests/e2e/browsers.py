"""A real browser for tests of pages, and a tab that remembers what it asked for and what went wrong in it."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium, or the one that CHROMIUM names, driven by Playwright."""
    driver = pytest.importorskip("playwright.sync_api", reason="the page is not tried: pip install playwright")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("the page is not tried in a browser: install chromium, or name one in CHROMIUM")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_tab(browser):
    """Makes tabs; ``traits`` are those of a context of Playwright."""
    contexts = []
    plain = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}  # what glides must be waited for

    def made(**traits):
        context = browser.new_context(**{**plain, **traits})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.asked, page.faults = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        return page

    yield made
    for context in contexts:
        context.close()


@pytest.fixture
def tab(new_tab):
    return new_tab()
