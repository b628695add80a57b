"""Requests made up from the document: good, bad and linked. Nothing breaks, and every answer is as documented."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.settings import CHECKOUT
from tests.people import People, Reporter
from tests.stack import Stack
from tests.witness import unharmed

pytestmark = [pytest.mark.anyio, pytest.mark.generated]

EXAMPLES = 12  # of each call
CHECKS = (
    "no_defect",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


async def test_what_is_made_up_from_the_document_is_answered_as_documented(
    stack: Stack, people: People, tmp_path: Path
) -> None:
    reporter = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    await reporter.filed()
    async with unharmed(stack):
        found = subprocess.run(  # noqa: ASYNC221 - nothing else goes on meanwhile
            [
                Path(sys.executable).with_name("schemathesis"),
                "run",
                f"{stack.citizens[0].url}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {reporter.token}"),
                *("--exclude-operation-id", "signOut"),  # its token is what all the others need
                *("--checks", ",".join(CHECKS)),
                *("--max-examples", str(EXAMPLES)),
                *("--generation-database", "none"),
                "--no-color",
            ],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.generated", "PYTHONPATH": str(CHECKOUT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=150,
        )
    assert found.returncode == 0, found.stdout + found.stderr
