"""What tests of threats share: one desk110 for them all, with a Valkey of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import valkey as running_valkey
from tests.stack import App, Stack
from tests.stack import stack as running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One citizen and two console processes; nobody needs a name to file."""
    folder = Path(tmp_path_factory.mktemp("threats"))
    with (
        running_valkey() as valkey,
        running_stack(folder, valkey, consoles=2, DESK110_IDENTITY_REQUIRED="never") as running,
    ):
        yield running


@pytest.fixture(scope="package")
def field(stack: Stack) -> Iterator[dict[str, App]]:
    """The same two apps as they serve people: with the rates of the field."""
    environment = {**stack.environment, "DESK110_LIMITS": "field"}
    apps = {name: App(name, environment, stack.home / f"field-{name}.log") for name in ("citizen", "console")}
    try:
        for app in apps.values():
            app.launch()
        for app in apps.values():
            app.wait()
        yield apps
    finally:
        for app in apps.values():
            app.kill()
