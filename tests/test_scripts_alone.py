"""What sets desk110 up runs on a bare Python: it is what brings the packages, so it may need none of them."""

import subprocess
import sys

import pytest

from dispatch.settings import CHECKOUT

SCRIPTS = sorted(path.stem for path in (CHECKOUT / "scripts").glob("*.py"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_is_loaded_where_no_package_is_installed(name: str) -> None:
    load = f"import sys; sys.path.insert(0, {str(CHECKOUT / 'scripts')!r}); import {name}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", load], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
