"""Checks every command in README.md, tests/README.md and docs/: the program, the build or the script accepts each of its words, and the
environment it sets does not affect the program. Commands that are too slow or change the machine are not run here; COVERED and RUN_BY
name what runs them. The pages below deploy/ have their own test, tests/deploy/pages_test.py.
(E8)
usage: commands.py PROGRAM"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import tree

sys.path[:0] = [str(tree.ROOT / "deploy/package"), str(tree.ROOT / "tests/deploy")]

import help_tree  # noqa: E402
import pages  # noqa: E402

README = tree.ROOT / "README.md"
# docs/failures.md is the program's own output, which is compared elsewhere.
DOCS = [page for page in sorted(tree.ROOT.glob("docs/*.md")) if page.name != "failures.md"]
PAGES = [README, tree.ROOT / "tests/README.md", *DOCS]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REGPASS", "")
# The repository's scripts, and what tests them.
COVERED = {
    "tests/run": "runs this test",
    "deploy/quickstart": "a new user's first hour, by hand: it installs packages and makes namespaces",
    "deploy/trained": "TEST_BUILDS=trained tests/run",
    "tests/e2e/run": "by hand; its scenarios are CTest's e2e",
    "tests/fuzz/run": "by hand; CTest's label fuzz runs its targets for seconds",
    "tests/soak/run": "CTest's e2e.soak runs seconds of it",
    "tests/bench/run": "by hand, on a machine that does nothing else",
    "tests/tools/diagrams.py": "the lint of that name",
    "tests/tools/reference.py": "the lint of that name",
}
# The commands in README.md: the file that runs each, and the words in it that prove that.
RUN_BY = {
    "deploy/quickstart": ("tests/lint/commands.py", "bash"),
    "tests/run": (".ci/run", "tests/run"),
    "cmake --preset release": ("deploy/quickstart", "cmake --preset release"),
    "cmake --build --preset release --target regpass": ("deploy/quickstart", "cmake --build --preset release --target regpass"),
    "regpass run -- skopeo copy": ("tests/e2e/run_test.py", '"run", "--"'),
    "regpass check": ("tests/e2e/check_test.py", '"--push"'),
    "regpass config check": ("tests/lint/commands.py", '["config", "check"]'),
    "regpass serve": ("tests/e2e/sidecar.py", "serve"),
}
ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)
# Other programs' commands are not checked.
FOREIGN = {"skopeo", "buildctl", "buildah", "docker", "ctr", "kubectl", "journalctl", "curl"}
# The first word of a command in a code block.
START = re.compile(r"[A-Z_]+=|[a-z./-]+/[\w./-]+|(?:regpass|cmake|ctest|kubectl|journalctl)\b")


class Command:
    def __init__(self, where, text):
        self.where, self.text = where, text
        words = re.findall(r'(?:[^\s"\']|"[^"]*"|\'[^\']*\')+', text)
        self.environment = {}
        while words and (found := ASSIGNMENT.fullmatch(words[0])):
            self.environment[found[1]] = found[2].strip("\"'")
            words.pop(0)
        self.words = words
        self.head = words[0] if words else ""

    def __str__(self):
        return f"{self.where}: {self.text}"


def is_command(text):
    """Whether an inline code span is a command. A path alone is just a reference to a file, unless it is one of our scripts."""
    command = Command("", text)
    if len(command.words) > 1 and command.words[1].endswith(":"):
        return False  # output of the program
    return bool(command.words) and (command.head in COVERED or (len(command.words) > 1 and command.head in ("regpass", "cmake", "ctest")))


def commands(page):
    name = page.relative_to(tree.ROOT)
    for block in pages.blocks(page):
        if block.language not in ("", "sh"):
            continue
        for number, line in enumerate(block.text.replace("\\\n", " ").splitlines(), block.line + 1):
            # In tests/README.md, a wide gap separates a command from its explanation.
            text = re.split(r"\s+#\s|\s{3,}", line.strip())[0]
            if START.match(text):
                for part in re.split(r"\s*(?:&&|;|\|)\s*", text):
                    yield Command(f"{name}:{number}", part)
    for span in re.findall(r"`([^`\n]+)`", pages.FENCE.sub("", page.read_text())):
        if is_command(span):
            yield Command(str(name), span)


def presets():
    return json.loads((tree.ROOT / "CMakePresets.json").read_text())


def cmake_text():
    found = [tree.ROOT / "CMakeLists.txt", *tree.ROOT.glob("cmake/*.cmake"), *tree.ROOT.glob("proxy/**/CMakeLists.txt"),
             *tree.ROOT.glob("tests/**/CMakeLists.txt")]
    return "\n".join(command.read_text() for command in found)


class Commands(unittest.TestCase):
    """E8: the commands that the pages tell readers to type."""

    @classmethod
    def setUpClass(cls):
        cls.all = [command for page in PAGES for command in commands(page)]
        cls.help = help_tree.read(PROGRAM)
        cls.cmake = cmake_text()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def test_pages_have_commands(self):
        for name in ("README.md", "tests/README.md", "docs/commands.md", "docs/configuration.md", "docs/modes.md"):
            self.assertTrue([command for command in self.all if command.where.startswith(name)], f"{name}: no command was found")

    def test_each_command_of_the_readme_is_run_or_checked(self):
        for command in commands(README):
            text = " ".join(command.words).replace("build/release/proxy/regpass", "regpass")
            with self.subTest(text):
                covered = [by for start, by in RUN_BY.items() if text.startswith(start)]
                self.assertTrue(covered, "RUN_BY does not name what runs this command")
                for file, words in covered:
                    self.assertIn(words, (tree.ROOT / file).read_text(), f"{file} does not run it")

    def test_each_command_is_known(self):
        for command in self.all:
            with self.subTest(str(command)):
                head = command.head.rsplit("/", 1)[-1] if command.head.startswith("build/") else command.head
                if head == "regpass":
                    self.judge_regpass(command.words[1:])
                elif head == "cmake":
                    self.judge_cmake(command.words[1:])
                elif head == "ctest":
                    self.judge_ctest(command.words[1:])
                elif head in COVERED:
                    self.judge_script(command)
                else:
                    self.assertIn(head, FOREIGN, "no test covers this command")

    def test_the_environment_of_a_command_does_not_affect_the_program(self):
        """regpass interprets every variable that begins with REGPASS_ as a configuration key, so commands must not set others."""
        for command in self.all:
            with self.subTest(str(command)):
                result = subprocess.run([PROGRAM, "config", "check", "--without-files"], capture_output=True, text=True,
                                      env=command.environment | {"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_standalone_commands_run_as_written(self):
        alone = (["config", "show"], ["config", "schema"], ["config", "check"], ["version"])
        ran = [command for command in self.all if command.head == "regpass" and command.words[1:] in alone]
        self.assertGreaterEqual(len(ran), 3)
        for command in ran:
            with self.subTest(str(command)):
                result = subprocess.run([PROGRAM, *command.words[1:]], capture_output=True, text=True,
                                      env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertTrue(result.stdout)

    def test_the_configuration_and_json_that_pages_show_are_valid(self):
        shown = [block for page in PAGES for block in pages.blocks(page)]
        for block in shown:
            with self.subTest(str(block)):
                if block.language == "json":
                    json.loads(block.text)
                if block.language == "toml":
                    file = self.folder / "shown.toml"
                    file.write_text(block.text)
                    result = subprocess.run([PROGRAM, "config", "check", "--without-files", "--config", file], capture_output=True, text=True,
                                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def judge_regpass(self, words):
        command = self.help
        while words and (found := [child for child in command.children if child.name == words[0]]):
            command, words = found[0], words[1:]
        self.assertTrue(command.path, "not a command of regpass")
        options = {name for option in command.options for name in option.names}
        for word in (command.strip("[]") for command in words):
            if word == "--":
                break
            if word.startswith("--"):
                self.assertIn(word.split("=")[0], options)

    def judge_cmake(self, words):
        names = {command["name"] for command in presets()["configurePresets"]}
        for word, value in zip(words, words[1:]):
            if word == "--preset":
                self.assertIn(value, names)
            if word == "--target":
                self.assertRegex(self.cmake, rf"add_(?:executable|library|custom_target)\({value}\b")
        for word in words:
            if found := re.match(r"-D(REGPASS_\w+)", word):
                self.assertRegex(self.cmake, rf"(?:option|set)\({found[1]}\b")

    def judge_ctest(self, words):
        names = {command["name"] for command in presets()["configurePresets"]}
        for word, value in zip(words, words[1:]):
            if word == "--test-dir":
                self.assertIn(value.removeprefix("build/"), names)
            if word == "-L":
                self.assertRegex(self.cmake, rf'LABELS "?(?:[\w-]+;)*{value}\b')
            if word == "-R":
                self.assertIn(value.split(".")[0] + ".", self.cmake)

    def judge_script(self, command):
        script = tree.ROOT / command.head
        self.assertTrue(os.access(script, os.X_OK), "no executable")
        text = script.read_text()
        for name in command.environment:
            self.assertIn(name, text, "the script does not read this variable")
        if "python" in text.splitlines()[0]:
            compile(text, str(script), "exec")
        else:
            subprocess.run(["bash", "-n", script], check=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
