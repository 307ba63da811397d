"""Tests the lints with small files: each must report planted violations and accept correct code."""

import contextlib
import io
import json
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

import coroutines
import documents
import format as layout
import hygiene
import layers
import structure
import tidy
import tree
import words

CLEAN = ""

# (statement in a coroutine, part of the complaint or CLEAN)
COROUTINES = (
    ("co_await f();", CLEAN),
    ("auto head = co_await up.head();", CLEAN),
    ("const std::vector<std::pair<int, int>> all = co_await up.all();", CLEAN),
    ("const auto [ec, count] = co_await socket.read(buffer, use_task);", CLEAN),
    ("auto& [ec] = co_await f();", CLEAN),
    ("this_->written = co_await to.write(parts[0], all[i](x));", CLEAN),
    ("if (x && y(1)) co_await f();", CLEAN),
    ("if (!written) written = co_await f(); else co_await g();", CLEAN),
    ("while (!shared->answer) co_await landed.wait(use_task);", CLEAN),
    ("for (int i = 0; i < 3; ++i) co_await f();", CLEAN),
    ("switch (x) { case kind::a: co_await f(); break; default: y = co_await g(); }", CLEAN),
    ("opts o{.a = 1}; auto r = co_await f(o);", CLEAN),
    ('auto r = co_await f("{", \'[\', R"(?)");  // {?', CLEAN),
    ("const auto n = 1'000; auto r = co_await f(n, 'x');", CLEAN),
    ("spawn(on, [x]() -> task<void> { co_await f(x); });", CLEAN),
    ("if (co_await f()) g();", "header of if"),
    ("if (auto r = co_await f(); !r) g();", "header of if"),
    ("if constexpr (co_await f()) g();", "header of if constexpr"),
    ("while (co_await f()) g();", "header of while"),
    ("do { g(); } while (!co_await f());", "header of while"),
    ("switch (co_await f()) {}", "header of switch"),
    ("for (auto x : co_await f()) g();", "header of for"),
    ("g(co_await f());", "nested"),
    ("auto x = g(1, co_await f());", "nested"),
    ("auto x = all[co_await f()];", "nested"),
    ("auto x = 1 + co_await f();", "middle"),
    ("x += co_await f();", "middle"),
    ("const bool same = x == co_await f();", "middle"),
    ("co_return co_await f();", "middle"),
    ("auto x = yes ? co_await f() : co_await g();", "middle"),
    ("auto x{co_await f()};", "initialiser list"),
    ("auto x = std::array{co_await f(), 1};", "initialiser list"),
    ("co_await f(opts{.a = x});", "braces"),
    ("co_await f({});", "braces"),
    ("auto x = co_await f(g(std::array{1}));", "braces"),
    ("co_await opts{};", "braces"),
    ("auto x = co_await co_spawn(on, [x] { return x; }, use_task);", "lambda"),
    ("auto x = co_await f([] {});", "lambda"),
    ("auto x = co_await f(yes ? a : b);", "?:"),
    ("co_await a() ? b() : c();", "?:"),
)

# (path, include, part of the complaint or CLEAN)
LAYERS = (
    ("proxy/auth/x.cpp", '"regpass/registry/scope.hpp"', CLEAN),
    ("proxy/forward/x.cpp", '"regpass/base/error.hpp"', CLEAN),
    ("config/x.cpp", '"regpass/http/origin.hpp"', CLEAN),
    ("config/x.cpp", '"beside.hpp"', CLEAN),
    ("proxy/tls/x.cpp", '"tls/own.hpp"', CLEAN),
    ("proxy/tls/x.cpp", '"own.hpp"', CLEAN),
    ("proxy/cli/commands/x.cpp", '"../top.hpp"', CLEAN),
    ("proxy/cli/commands/command_line.cpp", "<CLI/CLI.hpp>", CLEAN),
    ("include/regpass/tls/x.hpp", "<openssl/types.h>", CLEAN),
    ("proxy/base/secret.cpp", "<openssl/crypto.h>", CLEAN),
    ("include/regpass/net/x.hpp", "<boost/asio/awaitable.hpp>", CLEAN),
    ("proxy/base/x.cpp", '"regpass/http/origin.hpp"', "base may not include http"),
    ("include/regpass/auth/x.hpp", '"regpass/tls/ca.hpp"', "auth may not include tls"),
    ("proxy/net/x.cpp", '"regpass/auth/token.hpp"', "net may not include auth"),
    ("proxy/diagnosis/x.cpp", '"regpass/transport/pool.hpp"', "diagnosis may not include transport"),
    ("proxy/forward/x.cpp", '"regpass/config/load.hpp"', "forward may not include config"),
    ("config/x.cpp", '"regpass/daemon/server.hpp"', "config may not include daemon"),
    ("config/x.cpp", '"regpass/forward/snapshot.hpp"', "config may not include forward"),
    ("proxy/http/x.cpp", "<regpass/base/error.hpp>", "with quotes"),
    ("proxy/auth/x.cpp", '"tls/own.hpp"', "auth may not include tls"),
    ("proxy/auth/x.cpp", '"../tls/own.hpp"', "auth may not include tls"),
    ("proxy/auth/x.cpp", '"missing.hpp"', "no such header"),
    ("proxy/net/x.cpp", '"tls/own.hpp"', CLEAN),
    ("proxy/net/x.cpp", "<boost/asio.hpp>", "umbrella"),
    ("proxy/http/x.cpp", "<boost/beast.hpp>", "umbrella"),
    ("proxy/http/x.cpp", "<boost/asio/buffer.hpp>", "Asio"),
    ("proxy/transport/x.cpp", "<boost/beast/http/parser.hpp>", "Beast"),
    ("include/regpass/tls/x.hpp", "<openssl/ssl.h>", "OpenSSL"),
    ("proxy/auth/token.cpp", "<openssl/evp.h>", "OpenSSL"),
    ("proxy/auth/x.hpp", "<openssl/types.h>", "only headers of tls"),
    ("proxy/base/text.cpp", "<spdlog/spdlog.h>", "base/log"),
    ("proxy/daemon/x.cpp", "<toml++/toml.h>", "TOML"),
    ("proxy/cli/main.cpp", "<CLI/CLI.hpp>", "command line"),
)

HEADER = "// Describes its purpose.\n#pragma once\n"
# Concatenated, so that this file does not itself contain the violations.
WORK, ROOT_HOME, LATER = "/" + "work", "/" + "root", "TO" + "DO"

# (path, text, part of the complaint or CLEAN)
HYGIENE = (
    ("include/regpass/base/x.hpp", HEADER, CLEAN),
    ("proxy/base/x.cpp", "int network;  // in the framework/works\n" * 800, CLEAN),
    ("tests/x.txt", f"{ROOT_HOME}/.docker/config.json and HOME={ROOT_HOME}\n", CLEAN),
    ("tests/x.txt", "/homework /net/work XXXXXX\n", CLEAN),
    ("LICENSE", "Copyright" + " (c) somebody\n", CLEAN),
    ("proxy/base/x.cpp", f"// see {WORK}/x\n", "one machine"),
    ("deploy/x", f"cd {WORK}\n", "one machine"),
    ("tests/x.py", f'"{ROOT_HOME}/project"\n', "one machine"),
    ("proxy/base/x.cpp", f"// {LATER}: more\n", "open an issue"),
    ("tests/x.py", "# HA" + "CK\n", "open an issue"),
    ("proxy/base/x.cpp", "int x;\n" * 801, "801 lines"),
    ("tests/x.py", "x = 1\n" * 801, "801 lines"),
    ("deploy/x", "#" + "!/bin/sh\n" * 801, "801 lines"),
    ("proxy/base/x.cpp", "int x;\t\n", "tab"),
    ("proxy/base/x.hpp", "// For what.\n", "pragma once"),
    ("include/regpass/base/x.hpp", "#pragma once\n", "comment"),
    ("tests/x.hpp", HEADER + "// DO NOT " + "EDIT\n", "generated"),
    ("proxy/base/x.cpp", "// Copyright" + " (c) 2001 somebody\n", "copied"),
    ("proxy/third_party/x.cpp", "int x;\n", "vendored"),
    ("deploy/x", "#" + "!/bin/sh\n", "shebang"),
)

# (path, text, part of the complaint or CLEAN)
DOCUMENTS = (
    ("docs/x.md", "[modes](modes.md), [one](modes.md#mirror-mode), ![picture](pod.svg) and [here](#x)\n# X\n", CLEAN),
    ("docs/x.md", "[a `code` heading](modes.md#what-path-means) and [twice](modes.md#mirror-mode-1)\n", CLEAN),
    ("docs/x.md", "[outside](https://example.com/modes-2.md#none) and <https://example.com/other.md>\n", CLEAN),
    ("docs/x.md", "```\n[link](in-a-block.md) and text.md\n```\n", CLEAN),
    ("docs/x.md", '<img src="pod.svg" alt="a pod"> `modes.md`\n', CLEAN),
    ("README.md", "[modes](docs/modes.md)\n", CLEAN),
    ("proxy/net/x.cpp", "// see docs/modes.md, modes.md and image-layout.md\n", CLEAN),
    ("proxy/net/x.cpp", '// as in docs/modes.md, "Mirror mode"\n', CLEAN),
    ("tests/cases/x.cases", "see https://example.com/a.md or a.md\n", CLEAN),
    ("docs/x.md", "[modes](mode.md)\n", "mode.md does not exist"),
    ("docs/x.md", "[modes](../modes.md)\n", "does not exist"),
    ("docs/x.md", "[mirrors](modes.md#mirrors)\n", "no heading of docs/modes.md"),
    ("docs/x.md", "[in a block](modes.md#in-a-block)\n", "no heading"),
    ("docs/x.md", "[modes](/docs/modes.md)\n", "not relative"),
    ("docs/x.md", "![picture](pot.svg)\n", "pot.svg does not exist"),
    ("docs/x.md", '<source srcset="dark.svg">\n', "dark.svg does not exist"),
    ("docs/x.md", "as `gone.md` says\n", "gone.md does not exist"),
    ("proxy/net/x.cpp", '// as in docs/modes.md, "Mirrors"\n', 'no heading "Mirrors"'),
    ("proxy/net/x.cpp", "// see docs/gone.md\n", "docs/gone.md does not exist"),
    ("proxy/net/x.cpp", 'text = "read (deploy/README.md)";\n', "deploy/README.md does not exist"),
)
# The page that the links above point to.
MODES = "# Mirror mode\n## What `path` means\n### Mirror mode\n```\n# In a block\n```\n"


class Lints(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(tree, "ROOT", self.root))

    def plant(self, path, text="", mode=0o644):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def expect(self, lint, path, text, complaint):
        found = [output for _, output in lint.check(pathlib.Path(path), text)]
        if complaint == CLEAN:
            self.assertEqual(found, [])
        else:
            self.assertTrue(any(complaint in output for output in found), f"expected {complaint!r}, found {found}")

    def test_coroutines(self):
        for statement, complaint in COROUTINES:
            with self.subTest(statement):
                self.expect(coroutines, "proxy/net/x.cpp", f"task<void> f() {{\n  {statement}\n}}\n", complaint)

    def test_complaints_name_the_line(self):
        text = '// co_await g(h(co_await\n/* \n*/ auto s = R"(\n)";\n#define F co_await g(co_await\nh(co_await f());\n'
        self.assertEqual([line for line, _ in coroutines.check(None, text)], [6])

    def test_layers(self):
        for path in ("config/beside.hpp", "proxy/tls/own.hpp", "proxy/cli/top.hpp"):
            self.plant(path)
        for path, include, complaint in LAYERS:
            with self.subTest(f"{path}: {include}"):
                self.expect(layers, path, f"#include {include}\n", complaint)

    def test_hygiene(self):
        for path, text, complaint in HYGIENE:
            with self.subTest(f"{path}: {text[:30]}"):
                self.plant(path, text)
                self.expect(hygiene, path, text, complaint)

    def test_an_executable_has_a_shebang(self):
        self.plant("deploy/x", "echo\n", 0o755)
        self.expect(hygiene, "deploy/x", "echo\n", "shebang")
        self.plant("deploy/x", "#" + "!/bin/sh\n", 0o755)
        self.expect(hygiene, "deploy/x", "#" + "!/bin/sh\n", CLEAN)

    def test_documents(self):
        self.plant("docs/modes.md", MODES)
        self.plant("docs/pod.svg")
        for path, text, complaint in DOCUMENTS:
            with self.subTest(f"{path}: {text[:40]}"):
                self.plant(path, text)
                self.expect(documents, path, text, complaint)

    def structure(self, sources, exceptions=None):
        for path, text in sources.items():
            self.plant(path, text)
        paths = {pathlib.Path(path): text for path, text in sources.items()}
        return structure.complaints_about(paths, list(paths), exceptions or {})

    def test_structure_counts_members_and_functions(self):
        members = "".join(f"  std::map<int, std::vector<int>> m{number}_{{1, 2}};\n" for number in range(13))
        functions = "".join(f"  int f{number}(int a, std::function<int(int)> g = {{}}) const {{ return {number}; }}\n" for number in range(21))
        crowded = f"class crowded {{\n public:\n  void f();\n private:\n{members}}};\n"
        busy = f"template <class T>\nclass busy final : public base {{\n{functions}  int a = 1, b;\n}};\n"
        record = f"struct record {{\n{members}}};\n"
        self.assertEqual(self.structure({"proxy/tls/x.cpp": record}), [])
        self.assertIn("proxy/tls/x.cpp:1: crowded has 13 data members", self.structure({"proxy/tls/x.cpp": crowded})[0])
        self.assertIn("busy has 21 member functions", self.structure({"proxy/tls/x.cpp": busy})[0])
        reason = {"members": {"crowded": "a reason"}}
        self.assertEqual(self.structure({"proxy/tls/x.cpp": crowded}, reason), [])
        self.assertIn("no longer an exception", self.structure({"proxy/tls/x.cpp": record}, reason)[0])

    def test_structure_requires_one_source_per_class(self):
        sources = {"proxy/tls/a.cpp": "int engine::f() {\n}\n", "proxy/tls/b.cpp": "result<int> engine::g(int a) {\n}\n"}
        self.assertIn("tls::engine is defined in 2 sources", self.structure(sources)[0])
        sources["proxy/tls/b.cpp"] = "int f() {\n  return engine::g(1);\n}\n"
        self.assertEqual(self.structure(sources), [])

    def test_structure_limits_files_and_folders(self):
        self.assertIn("801 lines", self.structure({"proxy/tls/a.cpp": "int x;\n" * 801})[0])
        self.assertIn("26 files", self.structure({f"proxy/tls/{number}.cpp": "" for number in range(26)})[0])

    def test_structure_places_headers_by_their_users(self):
        header = {"include/regpass/base/x.hpp": ""}
        shared = {"proxy/tls/a.cpp": '#include "regpass/base/x.hpp"\n', "proxy/http/a.cpp": '#include "regpass/base/x.hpp"\n'}
        self.assertEqual(self.structure(header | shared), [])
        self.assertIn("beside its source", self.structure(header | {"proxy/tls/a.cpp": shared["proxy/tls/a.cpp"]})[0])
        own = {path: text.replace("regpass/base/x", "base/y") for path, text in shared.items()}
        self.assertIn("include/regpass/", self.structure({"proxy/base/y.hpp": ""} | own)[0])
        circle = {"proxy/tls/p.hpp": '#include "q.hpp"\n', "proxy/tls/q.hpp": '#include "tls/p.hpp"\n'}
        self.assertIn("includes itself", self.structure(circle)[0])

    def test_words(self):
        rows = words.rows("## Words that are not used\n\n| not | but |\n| --- | --- |\n| `\\btold (?:of\\|apart)\\b` | reported |\n")
        self.assertEqual([line for line, _ in words.check("x", "It is told\nand Told of.\n", rows)], [2])
        self.assertIn('use "reported"', next(words.check("x", "told apart", rows))[1])
        self.assertEqual(list(words.check("x", "formerly told_of, told of", rows)), [])

    def test_the_exit_code_reports_complaints(self):
        self.plant("proxy/net/bad.cpp", "f(co_await g());\n")
        self.plant("proxy/net/good.cpp", "co_await g();\n")
        self.plant("tests/net/__pycache__/ignored.cpp", "f(co_await g());\n")
        self.assertEqual(self.exit_code("proxy"), (1, "proxy/net/bad.cpp:1:"))
        (self.root / "proxy/net/bad.cpp").unlink()
        self.assertEqual(self.exit_code("proxy", "tests"), (0, "1 files,"))

    def exit_code(self, *tops):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), self.assertRaises(SystemExit) as ended:
            tree.main(coroutines.check, tree.files(*tops, suffixes=tree.CPP))
        return ended.exception.code, " ".join(output.getvalue().split()[:2 if ended.exception.code == 0 else 1])


class Tools(unittest.TestCase):
    """The lints based on clang tools, with the repository's own configuration."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "x.cpp"

    @unittest.skipUnless(shutil.which(layout.TOOL), "not installed")
    def test_format(self):
        self.file.write_text("int f() {\n  return 1;\n}\n")
        self.assertFalse(layout.failed([self.file]))
        self.file.write_text("int f()\n{ return 1; }\n")
        self.assertTrue(layout.failed([self.file]))

    @unittest.skipUnless(shutil.which(tidy.TOOL), "not installed")
    def test_tidy(self):
        entry = {"directory": str(self.folder), "file": str(self.file), "command": f"clang++-19 -std=c++23 -c {self.file}"}
        (self.folder / "compile_commands.json").write_text(json.dumps([entry]))
        self.file.write_text("int f(int* x) { return x == nullptr ? 1 : 2; }\n")
        self.assertEqual(tidy.check(self.folder, self.file)[0], 0)
        self.file.write_text("int* f() { return 0; }\n")
        code, output = tidy.check(self.folder, self.file)
        self.assertNotEqual(code, 0)
        self.assertIn("modernize-use-nullptr", output)

    def test_tidy_needs_a_compile_database_for_clang(self):
        for database in (None, [{"directory": "/", "file": "/x.cpp", "command": "/usr/bin/g++ -c /x.cpp"}]):
            if database is not None:
                (self.folder / "compile_commands.json").write_text(json.dumps(database))
            with contextlib.redirect_stdout(io.StringIO()), self.assertRaises(SystemExit) as ended:
                tidy.compiled(self.folder)
            self.assertEqual(ended.exception.code, 77)


if __name__ == "__main__":
    unittest.main()
