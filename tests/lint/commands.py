"""Every command in README.md, tests/README.md and docs/: the program, the build or the script accepts each word of it as written, and
the environment that it sets does not disturb the program. Commands that are too slow or need a machine of their own are not run here;
COVERED and RUN_BY name what runs them. The pages below deploy/ have a test of their own, tests/deploy/pages_test.py.
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
# docs/failures.md is what the program prints; tests/explain compares them.
DOCS = [page for page in sorted(tree.ROOT.glob("docs/*.md")) if page.name != "failures.md"]
PAGES = [README, tree.ROOT / "tests/README.md", *DOCS]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REGPASS", "")
# Scripts of the tree, with what shows that they work.
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
# The commands of README.md: what runs each, and the words there that show it.
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
# What other programs do is theirs to say.
FOREIGN = {"skopeo", "buildctl", "buildah", "docker", "ctr", "kubectl", "journalctl", "curl"}
# What the first word of a command in a block looks like.
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
    """Of a code span in a sentence: a path alone is a file that is talked of, unless it is a script of ours."""
    one = Command("", text)
    if len(one.words) > 1 and one.words[1].endswith(":"):
        return False  # what the program prints
    return bool(one.words) and (one.head in COVERED or (len(one.words) > 1 and one.head in ("regpass", "cmake", "ctest")))


def commands(page):
    name = page.relative_to(tree.ROOT)
    for block in pages.blocks(page):
        if block.language not in ("", "sh"):
            continue
        for number, line in enumerate(block.text.replace("\\\n", " ").splitlines(), block.line + 1):
            # tests/README.md explains a command behind a wide gap.
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
    return "\n".join(one.read_text() for one in found)


class Commands(unittest.TestCase):
    """E8: what the pages tell to type."""

    @classmethod
    def setUpClass(cls):
        cls.all = [one for page in PAGES for one in commands(page)]
        cls.help = help_tree.read(PROGRAM)
        cls.cmake = cmake_text()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def test_pages_have_commands(self):
        for name in ("README.md", "tests/README.md", "docs/commands.md", "docs/configuration.md", "docs/modes.md"):
            self.assertTrue([one for one in self.all if one.where.startswith(name)], f"{name}: no command was found")

    def test_each_command_of_the_readme_is_run_or_checked(self):
        for command in commands(README):
            text = " ".join(command.words).replace("build/release/proxy/regpass", "regpass")
            with self.subTest(text):
                covered = [by for start, by in RUN_BY.items() if text.startswith(start)]
                self.assertTrue(covered, "RUN_BY does not say what runs this command")
                for file, words in covered:
                    self.assertIn(words, (tree.ROOT / file).read_text(), f"{file} does not run it")

    def test_each_command_is_known(self):
        for one in self.all:
            with self.subTest(str(one)):
                head = one.head.rsplit("/", 1)[-1] if one.head.startswith("build/") else one.head
                if head == "regpass":
                    self.judge_regpass(one.words[1:])
                elif head == "cmake":
                    self.judge_cmake(one.words[1:])
                elif head == "ctest":
                    self.judge_ctest(one.words[1:])
                elif head in COVERED:
                    self.judge_script(one)
                else:
                    self.assertIn(head, FOREIGN, "no test knows this command")

    def test_the_environment_of_a_command_is_no_obstacle_to_the_program(self):
        """A variable of the project's own that begins with REGPASS_ would be taken for a key."""
        for one in self.all:
            with self.subTest(str(one)):
                done = subprocess.run([PROGRAM, "config", "check", "--without-files"], capture_output=True, text=True,
                                      env=one.environment | {"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_needs_nothing_else_runs_as_written(self):
        alone = (["config", "show"], ["config", "schema"], ["config", "check"], ["version"])
        ran = [one for one in self.all if one.head == "regpass" and one.words[1:] in alone]
        self.assertGreaterEqual(len(ran), 3)
        for one in ran:
            with self.subTest(str(one)):
                done = subprocess.run([PROGRAM, *one.words[1:]], capture_output=True, text=True,
                                      env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout)

    def test_the_configuration_and_json_that_pages_show_are_valid(self):
        shown = [block for page in PAGES for block in pages.blocks(page)]
        for block in shown:
            with self.subTest(str(block)):
                if block.language == "json":
                    json.loads(block.text)
                if block.language == "toml":
                    file = self.folder / "shown.toml"
                    file.write_text(block.text)
                    done = subprocess.run([PROGRAM, "config", "check", "--without-files", "--config", file], capture_output=True, text=True,
                                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def judge_regpass(self, words):
        command = self.help
        while words and (found := [child for child in command.children if child.name == words[0]]):
            command, words = found[0], words[1:]
        self.assertTrue(command.path, "no command of regpass")
        known = {name for option in command.options for name in option.names}
        for word in (one.strip("[]") for one in words):
            if word == "--":
                break
            if word.startswith("--"):
                self.assertIn(word.split("=")[0], known)

    def judge_cmake(self, words):
        names = {one["name"] for one in presets()["configurePresets"]}
        for word, value in zip(words, words[1:]):
            if word == "--preset":
                self.assertIn(value, names)
            if word == "--target":
                self.assertRegex(self.cmake, rf"add_(?:executable|library|custom_target)\({value}\b")
        for word in words:
            if found := re.match(r"-D(REGPASS_\w+)", word):
                self.assertRegex(self.cmake, rf"(?:option|set)\({found[1]}\b")

    def judge_ctest(self, words):
        names = {one["name"] for one in presets()["configurePresets"]}
        for word, value in zip(words, words[1:]):
            if word == "--test-dir":
                self.assertIn(value.removeprefix("build/"), names)
            if word == "-L":
                self.assertRegex(self.cmake, rf'LABELS "?(?:[\w-]+;)*{value}\b')
            if word == "-R":
                self.assertIn(value.split(".")[0] + ".", self.cmake)

    def judge_script(self, one):
        script = tree.ROOT / one.head
        self.assertTrue(os.access(script, os.X_OK), "no executable")
        text = script.read_text()
        for name in one.environment:
            self.assertIn(name, text, "the script does not read this variable")
        if "python" in text.splitlines()[0]:
            compile(text, str(script), "exec")
        else:
            subprocess.run(["bash", "-n", script], check=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
