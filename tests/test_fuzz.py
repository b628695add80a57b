"""Every parser that faces the outside takes what nobody meant to send: it refuses it in its own words, or takes it."""

import os
import random
from itertools import islice

import pytest

from fuzz.mutator import mutations
from fuzz.targets import TARGETS, Target

COUNT = int(os.environ.get("DESK110_FUZZ_COUNT", "400"))


# A form that is cut off leaves its spooled file to be closed with the last reference to it, by starlette.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_a_parser_refuses_or_takes_whatever_comes(target: Target) -> None:
    count = COUNT // 10 if target.slow else COUNT
    for data in islice(mutations(target.seeds, random.Random(110)), count):
        try:
            target.run(data)
        except Exception as error:
            raise AssertionError(f"{target.name} by {data!r}") from error
