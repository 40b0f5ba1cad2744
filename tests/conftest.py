"""What tests of several files use."""

import pytest

from conftest import is_pinned


@pytest.fixture
def pinned():
    """Skip a test of exact pictures where other versions draw them; on CI the pinned job runs it."""
    if not is_pinned():
        pytest.skip("other versions than those of tests/constraints.txt are installed")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the static site on which Python runs in the browser alone, built once."""
    from notebooks.teaching import browser_site  # here, since most tests need neither it nor what it imports

    folder = tmp_path_factory.mktemp("site") / "site"
    browser_site.write_site(folder)
    return folder
