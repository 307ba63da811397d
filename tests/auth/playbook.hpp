// A handshake as a text that is compared with what the machine does, so that a mismatch shows as two texts:
//
//   << send bare                                        what the machine wants done
//   >> 401 Bearer realm="https://r.test/token"          what came of it
//   << ask_token GET https://r.test/token - repository:a/b:pull as nobody
//   >> token granted repository:a/b:pull
//   << send bearer
//   >> 200
//   << deliver
//
// Events: "STATUS [(body started)] [CHALLENGES]", "token [granted SCOPES]", "token failed KIND [STATUS]".
#pragma once

#include "auth/handshake.hpp"
#include "support.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace regpass::auth {

inline constexpr std::array<std::pair<std::string_view, token_failure::kind>, 6> failure_kinds{{
    {"rejected", token_failure::kind::rejected},
    {"forbidden", token_failure::kind::forbidden},
    {"wrong_form", token_failure::kind::wrong_form},
    {"busy", token_failure::kind::busy},
    {"no_token", token_failure::kind::no_token},
    {"transport", token_failure::kind::transport},
}};

inline std::optional<requirement> requirement_in(std::string_view challenges) {
  const auto all = parse_challenges(challenges);
  return all ? requirement_of(*all) : std::nullopt;
}

// Takes `word` off the front of `text`, with the blank behind it.
inline bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  text = trim(text);
  return true;
}

class playbook {
 public:
  explicit playbook(const handshake_input& input) : cached_(input.cached), machine_(input) {}

  // What happens, in the script's own form: equal to the script if everything in it comes true.
  std::string play(std::string_view script) {
    auto transcript = begin();
    std::istringstream lines{std::string(script)};
    for (std::string line; std::getline(lines, line);) {
      auto event = trim(line);
      if (take(event, ">>")) transcript += fmt::format(">> {}\n{}", event, happens(event));
    }
    return transcript;
  }

  std::string begin() { return seen(machine_.start()); }

  std::string happens(std::string_view event) {
    if (take(event, "token")) return seen(machine_.on_token(answer_in(event)));
    int status = 0;
    std::from_chars(event.data(), event.data() + event.size(), status);
    event = trim(event.substr(3));
    const bool started = take(event, "(body started)");
    return seen(machine_.on_response(status, requirement_in(event), !event.empty(), started));
  }

  const handshake& machine() const { return machine_; }

 private:
  static token_answer answer_in(std::string_view event) {
    if (take(event, "failed")) {
      for (const auto& [name, kind] : failure_kinds) {
        if (!event.starts_with(name)) continue;
        const auto status = trim(event.substr(name.size()));
        token_failure failure;
        failure.what = kind;
        std::from_chars(status.data(), status.data() + status.size(), failure.status);
        return {nullptr, std::move(failure)};
      }
    }
    auto made = std::make_shared<token>();
    if (take(event, "granted")) made->granted = scopes(event);
    return {std::move(made), std::nullopt};
  }

  std::string seen(const action& next) {
    return "<< " + std::visit([&](const auto& one) { return text(one); }, next) + "\n";
  }

  std::string text(const send& one) const {
    switch (one.how) {
      case send::with::bare:
        return "send bare";
      case send::with::basic:
        return "send basic";
      case send::with::client:
        return "send client";
      case send::with::bearer:
        break;
    }
    if (!one.token) return "send ready-made bearer";
    return one.token == cached_ ? "send cached bearer" : "send bearer";
  }
  static std::string text(const ask_token& one) {
    const auto& request = one.request;
    const auto or_dash = [](std::string word) { return word.empty() ? "-" : word; };
    const auto who = request.credential ? request.credential->username : "nobody";
    return fmt::format("ask_token {} {}{} {} {} as {}", request.how == token_request::form::get ? "GET" : "POST",
                       http::to_text(request.realm.origin), request.realm.target, or_dash(request.service),
                       or_dash(registry::to_text(request.scopes)), who);
  }
  static std::string text(const probe&) { return "probe"; }
  static std::string text(const deliver&) { return "deliver"; }
  static std::string text(const refuse& one) { return fmt::format("refuse {}", one.status); }

  token_ptr cached_;
  handshake machine_;
};

// A script without indentation and empty lines, as `play` returns it.
inline std::string tidy(std::string_view script) {
  std::string out;
  std::istringstream lines{std::string(script)};
  for (std::string line; std::getline(lines, line);) {
    if (const auto shown = trim(line); !shown.empty()) out += fmt::format("{}\n", shown);
  }
  return out;
}

}  // namespace regpass::auth
