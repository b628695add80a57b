"""A script travels without its comments and is the same script."""

import json
import subprocess

import pytest

from dispatch.settings import CHECKOUT
from tests.servers import needs
from web.uncommented import without_comments

OURS = sorted(path for path in (CHECKOUT / "static").rglob("*.js") if "vendor" not in path.parts)
# The tokens of pairs of modules, read from a list on standard input; prints the places of pairs that differ.
COMPARE = """
const { tokenize } = require("espree");
const how = { ecmaVersion: "latest", sourceType: "module" };
const read = (source) => tokenize(source, how).map(({ type, value }) => `${type} ${value}`).join("\\n");
const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const differ = pairs.flatMap(([ours, light], place) => (read(ours) === read(light) ? [] : [place]));
console.log(JSON.stringify(differ));
"""


def test_every_module_is_the_same_program_without_its_comments() -> None:
    sources = [path.read_text(encoding="utf-8") for path in OURS]
    pairs = [(source, without_comments(source)) for source in sources]
    said = subprocess.run(
        [needs("DESK110_TEST_NODE", "Node 20"), "-e", COMPARE],
        cwd=CHECKOUT,
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [OURS[place].name for place in json.loads(said)] == []
    assert sum(len(light) for _, light in pairs) < 0.95 * sum(len(source) for source in sources)


@pytest.mark.parametrize(
    ("source", "light"),
    [
        ("// a\nlet a;\n", "let a;\n"),
        ("/** a\n * b */\nlet a;\n", "let a;\n"),
        ("/* a */\nlet a; // stays\n", "let a; // stays\n"),
        ("/* a */ let a;\n", "/* a */ let a;\n"),
        ("/* a\n b */ let a;\n", "/* a\n b */ let a;\n"),
        ("let a;\n/* never ends\nlet b;", "let a;\n/* never ends\nlet b;"),
        ("let a = 1 /* a */ + 2;\r\n// b\r\n", "let a = 1 /* a */ + 2;\r\n"),
    ],
)
def test_only_lines_that_are_comment_alone_stay_behind(source: str, light: str) -> None:
    assert without_comments(source) == light
