"""Requests made up from the document: good, bad and linked. Nothing breaks, and every answer is as documented."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from api.documents import openapi
from api.tus import VERSION
from dispatch.media_bounds import MIB
from dispatch.settings import CHECKOUT
from tests.people import Dispatcher, People, Reporter
from tests.pictures import encoded, scene
from tests.stack import Stack
from tests.witness import unharmed

EXAMPLES = 12  # of each call
# It takes a minute of a processor; on a machine on which much else goes on, longer.
GIVEN_UP_AFTER_S = 500
READ_BEFORE = {"showOpenApi"}  # the document that all this is made from
# There is no WeChat here: test_wechat_accounts.py has one.
OF_WECHAT = {"askForWechatNotice"}
# Whoever asks is not marked as a nuisance, which would keep their photos out: test_documented_answers.py.
OF_THE_MARKED = {"appealMark"}
CHECKS = (
    "no_defect",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)

pytestmark = [pytest.mark.anyio, pytest.mark.generated, pytest.mark.timeout(GIVEN_UP_AFTER_S + 60)]


async def test_what_is_made_up_from_the_document_is_answered_as_documented(
    stack: Stack, people: People, tmp_path: Path
) -> None:
    reporter = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    own = await belongings(stack, people, reporter)
    answers = tmp_path / "answers"
    async with unharmed(stack):
        found = subprocess.run(  # noqa: ASYNC221 - nothing else goes on meanwhile
            [
                Path(sys.executable).with_name("schemathesis"),
                "run",
                f"{stack.citizens[0].url}/api/v1/openapi.json",
                *("--checks", ",".join(CHECKS)),
                *("--max-examples", str(EXAMPLES)),
                *("--generation-database", "none"),
                "--no-color",
            ],
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.generated",
                "PYTHONPATH": str(CHECKOUT),
                "DESK110_TEST_OWN": json.dumps(own),
                "DESK110_TEST_ANSWERS": str(answers),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=GIVEN_UP_AFTER_S,
        )
    print(f"schemathesis: {found.stdout.splitlines()[-1].strip('= ')}")
    assert found.returncode == 0, found.stdout + found.stderr
    assert_each_was_done(answers.read_text("utf-8"))
    assert (await reporter.http.get("/api/v1/me")).status_code == 200


def assert_each_was_done(answers: str) -> None:
    """Each call was also answered with what it is for: a call that is only ever refused shows nothing.

    `answers` are lines of call, status, code.
    """
    given: dict[str, Counter[str]] = {call.name: Counter() for call in openapi.CALLS}
    for line in answers.splitlines():
        call, _, answer = line.partition(" ")
        given[call][answer.strip()] += 1
    for call, found in sorted(given.items()):
        print(f"{call}: {', '.join(f'{answer} × {count}' for answer, count in sorted(found.items()))}")
    done = {
        call.name
        for call in openapi.CALLS
        if {str(status) for status in call.answers} & given[call.name].keys()
    }
    assert done | READ_BEFORE | OF_WECHAT | OF_THE_MARKED == given.keys(), given.keys() - done


async def belongings(stack: Stack, people: People, reporter: Reporter) -> dict[str, str]:
    """Who asks, and what they have: a report with a photo, a photo that is on its way, and a question.

    Nothing made up has the client's ids of the photos: who knows them is told the identifiers, and removes them.
    """
    report = (await reporter.filed())["id"]
    form = {"file": ("现场.jpg", encoded(scene()), "image/jpeg")}
    photo = await reporter.http.post(
        f"/api/v1/reports/{report}/media/form", files=form, data={"client_id": "kept-photo"}
    )
    assert photo.status_code == 201, photo.text
    begun = await reporter.http.post(
        f"/api/v1/reports/{report}/media",
        headers={
            "tus-resumable": VERSION,
            "upload-length": str(MIB),
            "upload-metadata": "filename YS5qcGc=,filetype aW1hZ2UvanBlZw==,client_id a2VwdC11cGxvYWQ=",
        },
    )
    assert begun.status_code == 201, begun.text
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    assert (await dispatcher.accept(report)).status_code == 200
    asked = await dispatcher.http.post(
        f"/console/reports/{report}/requests",
        headers={"x-csrf-token": dispatcher.csrf},
        data={"client_id": "q-1", "kind": "answer", "text": "门牌号是多少？"},
    )
    assert asked.status_code == 200, asked.text
    return {
        "url": reporter.app.url,
        "token": reporter.token,
        "reporter": (await reporter.http.get("/api/v1/me")).json()["id"],
        "report": report,
        "photo": photo.json()["id"],
        "upload": begun.headers["location"].rpartition("/")[2],
        "question": (await reporter.report(report))["requests"][0]["id"],
    }
