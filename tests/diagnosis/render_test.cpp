#include "diagnosis/present/render.hpp"

#include "cases.hpp"

#include <catch2/catch.hpp>

namespace regpass::diagnosis {
namespace {

// Control characters other than the line feed, and those that turn the reading direction.
bool is_safe(std::string_view text) {
  const bool no_control =
      std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7F; });
  return no_control && text.find("\u202e") == std::string_view::npos && text.find("\u2066") == std::string_view::npos;
}

std::size_t widest(std::string_view text) {
  std::size_t most = 0, columns = 0;
  for (const auto c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) columns = c == '\n' ? 0 : columns + 1;
    most = std::max(most, columns);
  }
  return most;
}

explanation some_explanation() {
  const auto e = from_json(cases::json_of("granted-less-long-names"));
  REQUIRE(e);
  const auto x = diagnose(*e);
  REQUIRE(x);
  return *x;
}

TEST_CASE("colour is used only on request") {
  const auto x = some_explanation();
  CHECK(render(x).find('\x1b') == std::string::npos);
  render_options colour;
  colour.colour = true;
  CHECK(render(x, colour).find("\x1b[1;31mThe token grants less than the request needs\x1b[0m") != std::string::npos);
  const auto e = from_json(cases::json_of("granted-less-read-only"));
  REQUIRE(e);
  CHECK(render_handshake(*e).find('\x1b') == std::string::npos);
  CHECK(render_handshake(*e, colour).starts_with("\x1b[1mPOST"));
}

TEST_CASE("text is wrapped to the given width, even with very long words") {
  for (const std::size_t width : {40U, 60U, 80U, 120U}) {
    render_options options;
    options.width = width;
    for (const auto& name : cases::names()) {
      INFO(name << " at " << width);
      const auto e = from_json(cases::json_of(name));
      REQUIRE(e);
      CHECK(widest(render_handshake(*e, options)) <= width);
      auto x = diagnose(*e).value_or(explanation{});
      x.summary += std::string(500, 'x');
      const auto text = render(x, options);
      const auto body = text.substr(text.find('\n'));  // the title is one line whatever the width
      CHECK(widest(body) <= width);
    }
  }
}

TEST_CASE("a cause of a later version is rendered with its name") {
  explanation x;
  x.cause = "not-of-this-version";
  x.summary = "something";
  CHECK(render(x).find("not-of-this-version") != std::string::npos);
}

TEST_CASE("evidence that was never cleaned is harmless on a terminal (T27)") {
  const std::string bad = "a\x1b]0;x\x07\u202e\u2066\r\n\t\xff";
  evidence e;
  e.registry = e.repository = e.username = e.source = e.key = e.method = e.path = e.action = bad;
  e.status = 401;
  e.others = {{bad, bad, bad}};
  answered_step a;
  a.status = 401;
  a.server = a.content_type = a.message = a.challenge_error = bad;
  a.challenges = {bad};
  a.errors = {{bad, bad, bad}};
  auth::claims c;
  c.issuer = c.subject = bad;
  c.audience = {bad};
  add(e, 0, sent_step{bad, keyword<authorization_kind>(bad)});
  add(e, 1, realm_step{bad, true, bad, bad});
  add(e, 2, token_request_step{bad, bad, bad, bad, keyword<authorization_kind>(bad)});
  add(e, 3, token_answer_step{200, {}, bad, bad, c, 0});
  add(e, 4, cached_token_step{bad, bad, 0, c});
  add(e, 5, mount_step{bad, bad});
  add(e, 6, a);
  const auto x = diagnose(e);
  REQUIRE(x);
  CHECK(is_safe(render(*x)));
  CHECK(is_safe(render_handshake(e)));
  CHECK(is_safe(x->summary));
}

}  // namespace
}  // namespace regpass::diagnosis
