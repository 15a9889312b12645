"""What people read: links lead somewhere, commands exist, and the words are plain."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from plain_words import refused

from ops.__main__ import app as estate
from ops.impact.dependencies import PRODUCTS, STORES
from rehearsal.__main__ import app as rehearsal

FOLDER = Path(__file__).resolve().parents[2]
RUNBOOK = FOLDER / "docs" / "runbook"
WRITTEN = sorted(
    [
        *(FOLDER / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(page for page in (FOLDER / "docs").rglob("*.md") if RUNBOOK not in page.parents),
    ]
)
PAGES = [*WRITTEN, *sorted(RUNBOOK.glob("*.md"))]

REFERENCE = FOLDER / "docs" / "commands.md"  # generated: names commands without arguments

PULUMI_OPTIONS = {"--refresh=false"}  # what `up` hands on
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ASSIGNMENT = re.compile(r"[A-Z_]+=.*")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(FOLDER)))
each_written = pytest.mark.parametrize(
    "page", WRITTEN, ids=lambda page: str(page.relative_to(FOLDER))
)


def _name(page: Path) -> str:
    return str(page.relative_to(FOLDER))


def _prose(page: Path) -> str:
    """The page without fenced blocks and code spans."""
    return CODE.sub("", FENCE.sub("", page.read_text()))


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Relative links of a page: (file or folder, anchor or "")."""
    text = FENCE.sub("", page.read_text())
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


def _anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    anchors = set()
    for title in HEADING.findall(FENCE.sub("", page.read_text())):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.add(f"{plain}-{seen[plain]}" if seen[plain] else plain)
        seen[plain] += 1
    return anchors


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    dead = []
    for target, anchor in _links(page):
        if not target.exists():
            dead.append(str(target))
        elif anchor and anchor not in _anchors(target):
            dead.append(f"{target}#{anchor}")
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [FOLDER / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead += [
            target
            for target, _ in _links(page)
            if target.suffix == ".md" and target.exists() and target not in reached
        ]
    assert sorted(_name(page) for page in set(PAGES) - reached) == []


def test_the_readme_has_at_most_a_thousand_words() -> None:
    assert 300 < len((FOLDER / "README.md").read_text().split()) <= 1000


def test_a_decision_fits_on_a_page_and_is_in_the_list() -> None:
    decisions = sorted((FOLDER / "docs" / "adr").glob("[0-9]*.md"))
    assert len(decisions) >= 8
    listed = (FOLDER / "docs" / "adr" / "README.md").read_text()
    for number, page in enumerate(decisions, 1):
        text = page.read_text()
        assert page.name.startswith(f"{number:04d}-")
        assert f"]({page.name})" in listed
        assert text.count("\n") <= 40, page.name
        assert HEADING.findall(text)[1:] == ["Context", "Decision", "Consequences"], page.name


def test_the_glossary_has_at_most_25_terms() -> None:
    text = (FOLDER / "CONTRIBUTING.md").read_text().partition("## Glossary")[2]
    _, _, *terms = [line for line in text.splitlines() if line.startswith("|")]
    assert 10 < len(terms) <= 25


@each_written
def test_the_words_are_plain(page: Path) -> None:
    assert refused(_prose(page)) == []


def test_the_words_of_the_runbook_are_plain() -> None:
    assert [each for page in RUNBOOK.glob("*.md") for each in refused(_prose(page))] == []


def test_the_words_of_the_code_are_plain() -> None:
    """Strings are what users read, comments and docstrings what contributors do."""
    folders = ("benchmarks", "components", "ops", "policy", "rehearsal", "stacks", ".github", ".ci")
    files = [file for folder in folders for file in (FOLDER / folder).rglob("*")]
    files += [FOLDER / "Makefile", *FOLDER.glob("Pulumi*.yaml"), *FOLDER.glob("requirements*.in")]
    texts = [file for file in files if file.suffix in (".py", ".sh", ".yml", ".yaml", ".in", "")]
    found = {
        f"{file.relative_to(FOLDER)}: {each}"
        for file in texts
        if file.is_file() and "__pycache__" not in file.parts
        for each in refused(file.read_text(errors="ignore"))
        if "'window" not in each  # a field of DigitalOcean's API
    }
    assert len(texts) > 150
    assert found == set()


def test_where_the_facts_say_that_recovery_is_written_there_is_such_a_page_and_heading() -> None:
    texts = [each for product in PRODUCTS.values() for each in product.recovery]
    texts += [store.recovery for store in STORES.values()]
    named = [
        match for text in texts for match in re.findall(r"(docs/[\w/-]+\.md)(?:, (.+))?", text)
    ]
    assert len(named) >= 4
    for page, heading in named:
        titles = HEADING.findall((FOLDER / page).read_text())
        assert not heading or heading in titles, page
    restored = re.findall(r"`restored` of (\w+)\.(\w+)", " ".join(texts))
    assert len(restored) >= 3
    for system, cluster in restored:
        for file in FOLDER.glob("Pulumi.*.yaml"):
            assert cluster in yaml.safe_load(file.read_text())["config"][f"estate:{system}"], file


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Write rendered/ anew.", 1),
        ("Ask whom? Nobody at hand.", 3),
        ("What stands on it", 2),
        ("a door for secrets, a window", 2),
        ("the maintenance window, an understanding of it", 0),
        ("Is a person available? What is an ADR?", 0),
    ],
)
def test_the_search_for_words_finds_them_and_no_more(text: str, count: int) -> None:
    assert len(refused(text)) == count


def _inert(command: Any) -> Any:
    """A command that parses and does nothing, and refuses every option that it does not know."""
    command.callback = lambda *_, **__: None
    command.context_settings = {}
    for child in getattr(command, "commands", {}).values():
        _inert(child)
    return command


PROGRAMS = {
    "estate": _inert(typer.main.get_command(estate)),
    "rehearsal": _inert(typer.main.get_command(rehearsal)),
}
BEGINNINGS = {
    ("estate",): "estate",
    ("python", "-m", "ops"): "estate",
    (".venv/bin/python", "-m", "ops"): "estate",
    ("python", "-m", "rehearsal"): "rehearsal",
}
MAKEFILE = (FOLDER / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def _split(line: str) -> Iterator[list[str]]:
    """The commands of one line of shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("();<>|&"):
            yield words
            words = []
        else:
            words.append(word.removeprefix("$"))
    yield words


def _commands(page: Path) -> set[str]:
    """Everything that a page tells to type: lines of its shell blocks, and its code spans."""
    text = page.read_text()
    blocks = [block for _, language, block in FENCE.findall(text) if language == "sh"]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return {*lines, *CODE.findall(FENCE.sub("", text))}


def _mistake(words: list[str]) -> str | None:
    """What is wrong with a command of ours; None where nothing is, or it is another's."""
    while words and ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if words[:1] == ["make"]:
        for word in words[1:]:
            variable = word.partition("=")[0]
            if f"$({variable})" not in MAKEFILE if "=" in word else word not in TARGETS:
                return f"make knows no {word}"
    if words[:3] == [".venv/bin/python", "-m", "pytest"]:
        paths = [word for word in words[3:] if not word.startswith("-")]
        missing = [path for path in paths if not (FOLDER / path).exists()]
        return f"no {missing}" if missing else None
    for beginning, program in BEGINNINGS.items():
        rest = words[len(beginning) :]
        if tuple(words[: len(beginning)]) == beginning and rest:
            command = PROGRAMS[program]
            arguments = [word for word in rest if word not in PULUMI_OPTIONS]
            try:
                command.main(arguments, prog_name=program, standalone_mode=False)
            except Exception as error:  # the parser's own class is private
                return f"{' '.join(words)}: {error}"
    return None


@pytest.mark.parametrize("page", [page for page in WRITTEN if page != REFERENCE], ids=_name)
def test_every_command_that_a_page_names_parses(page: Path) -> None:
    mistakes = [
        mistake
        for line in _commands(page)
        if re.search(r"\b(estate|make|python)\b", line)
        for words in _split(line)
        if (mistake := _mistake(words))
    ]
    assert mistakes == []


def test_the_pages_name_commands_at_all() -> None:
    lines = [line for page in WRITTEN for line in _commands(page)]
    assert len([line for line in lines if re.match(r"estate \w", line)]) > 40
    assert len([line for line in lines if re.search(r"\bmake \w", line)]) > 10


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("estate plan --stack prod --diff", False),
        ("estate plan --dif", True),
        ("estate plam", True),
        ("estate blast", True),  # it wants a name
        ("estate order sideways", True),
        ("estate state open | pulumi stack import", False),
        ("pulumi preview && estate state opne", True),
        ("python -m rehearsal up --speed fast", True),
        ("STACK=dr make up", False),
        ("make upp", True),
        ("make rehearse SCENE=x", True),
        ('ssh "root@$(estate recover)"', False),
        (".venv/bin/python -m pytest -q tests/none", True),
    ],
)
def test_a_wrong_command_is_found(line: str, wrong: bool) -> None:
    assert any(_mistake(words) for words in _split(line)) is wrong
