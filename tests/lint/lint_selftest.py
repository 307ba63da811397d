"""Each lint finds what it is for: violations planted in small files, beside sound ones that must pass."""

import contextlib
import io
import json
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

import coroutines
import format as layout
import hygiene
import layers
import tidy
import tree

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
    ("proxy/auth/x.hpp", "<openssl/types.h>", "only tls"),
    ("proxy/base/text.cpp", "<spdlog/spdlog.h>", "base/log"),
    ("proxy/daemon/x.cpp", "<toml++/toml.h>", "TOML"),
    ("proxy/cli/main.cpp", "<CLI/CLI.hpp>", "command line"),
)

HEADER = "// What it is for.\n#pragma once\n"
# Put together here, so that this file does not contain what it plants.
WORK, ROOT_HOME, LATER = "/" + "work", "/" + "root", "TO" + "DO"

# (path, text, part of the complaint or CLEAN)
HYGIENE = (
    ("include/regpass/base/x.hpp", HEADER, CLEAN),
    ("proxy/base/x.cpp", "int network;  // in the framework/works\n" * 400, CLEAN),
    ("tests/x.txt", f"{ROOT_HOME}/.docker/config.json and HOME={ROOT_HOME}\n", CLEAN),
    ("tests/x.txt", "/homework /net/work XXXXXX\n", CLEAN),
    ("LICENSE", "Copyright" + " (c) somebody\n", CLEAN),
    ("proxy/base/x.cpp", f"// see {WORK}/x\n", "one machine"),
    ("deploy/x", f"cd {WORK}\n", "one machine"),
    ("tests/x.py", f'"{ROOT_HOME}/project"\n', "one machine"),
    ("proxy/base/x.cpp", f"// {LATER}: more\n", "open an issue"),
    ("tests/x.py", "# HA" + "CK\n", "open an issue"),
    ("proxy/base/x.cpp", "int x;\n" * 401, "401 lines"),
    ("tests/x.py", "x = 1\n" * 401, "401 lines"),
    ("deploy/x", "#" + "!/bin/sh\n" * 401, "401 lines"),
    ("proxy/base/x.cpp", "int x;\t\n", "tab"),
    ("proxy/base/x.hpp", "// For what.\n", "pragma once"),
    ("include/regpass/base/x.hpp", "#pragma once\n", "comment"),
    ("tests/x.hpp", HEADER + "// DO NOT " + "EDIT\n", "generated"),
    ("proxy/base/x.cpp", "// Copyright" + " (c) 2001 somebody\n", "copied"),
    ("proxy/third_party/x.cpp", "int x;\n", "vendored"),
    ("deploy/x", "#" + "!/bin/sh\n", "shebang"),
)


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
        found = [said for _, said in lint.check(pathlib.Path(path), text)]
        if complaint == CLEAN:
            self.assertEqual(found, [])
        else:
            self.assertTrue(any(complaint in said for said in found), f"expected {complaint!r}, found {found}")

    def test_coroutines(self):
        for statement, complaint in COROUTINES:
            with self.subTest(statement):
                self.expect(coroutines, "proxy/net/x.cpp", f"task<void> f() {{\n  {statement}\n}}\n", complaint)

    def test_a_complaint_names_the_line(self):
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

    def test_the_exit_code_says_whether_there_was_a_complaint(self):
        self.plant("proxy/net/bad.cpp", "f(co_await g());\n")
        self.plant("proxy/net/good.cpp", "co_await g();\n")
        self.plant("tests/net/__pycache__/ignored.cpp", "f(co_await g());\n")
        self.assertEqual(self.exit_code("proxy"), (1, "proxy/net/bad.cpp:1:"))
        (self.root / "proxy/net/bad.cpp").unlink()
        self.assertEqual(self.exit_code("proxy", "tests"), (0, "1 files,"))

    def exit_code(self, *tops):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), self.assertRaises(SystemExit) as ended:
            tree.main(coroutines.check, tree.files(*tops, suffixes=tree.CPP))
        return ended.exception.code, " ".join(said.getvalue().split()[:2 if ended.exception.code == 0 else 1])


class Tools(unittest.TestCase):
    """The lints that are clang's, with the repository's own configuration."""

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
        code, said = tidy.check(self.folder, self.file)
        self.assertNotEqual(code, 0)
        self.assertIn("modernize-use-nullptr", said)

    def test_tidy_needs_a_database_made_for_clang(self):
        for database in (None, [{"directory": "/", "file": "/x.cpp", "command": "/usr/bin/g++ -c /x.cpp"}]):
            if database is not None:
                (self.folder / "compile_commands.json").write_text(json.dumps(database))
            with contextlib.redirect_stdout(io.StringIO()), self.assertRaises(SystemExit) as ended:
                tidy.compiled(self.folder)
            self.assertEqual(ended.exception.code, 77)


if __name__ == "__main__":
    unittest.main()
