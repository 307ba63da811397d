#include "diagnosis/present/render.hpp"

#include "diagnosis/present/terminal_text.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/step_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace regpass::diagnosis {
namespace {

using terminal::paragraph;
using terminal::style;
using terminal::styled;

constexpr std::size_t longest_text = 8 * 1024;

std::string_view title_of(std::string_view name) noexcept {
  const auto found = std::ranges::find(causes(), name, &cause::name);
  return found == causes().end() ? "A cause that this version of regpass does not know" : found->title;
}

std::string listed(const std::vector<std::string>& items, bool numbered, std::size_t width) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto mark = numbered ? fmt::format("  {}. ", i + 1) : std::string("  - ");
    out += paragraph(clean(items[i], longest_text), width, mark, std::string(mark.size(), ' '));
  }
  return out;
}

std::string certainty_line(const explanation& x) {
  auto line = fmt::format("Certainty: {}.", name_of(x.certainty));
  for (std::size_t i = 0; i < x.alternatives.size(); ++i) {
    line += (i == 0 ? " Also possible: " : ", ") + clean(x.alternatives[i]);
  }
  return line + (x.alternatives.empty() ? "" : ".");
}

std::string credential_line(const evidence& e) {
  if (e.source.empty()) return "no credential";
  const std::string_view kind = e.credential_kind == auth::credential_kind::basic ? "a password" : "a token";
  const auto who = e.username.empty() ? std::string(kind) : e.username;
  return fmt::format("{} from {}, key {}", who, e.source, e.key);
}

// Wrapping counts columns and cannot handle escape sequences, so only a title that fits one line is styled.
std::string heading(const evidence& e, const render_options& options) {
  const auto at = e.registry.empty() ? std::string() : " at " + e.registry;
  const auto text = clean(fmt::format("{} {}{}", e.method, e.path, at), longest_text);
  if (terminal::columns(text) > options.width) return paragraph(text, options.width, "", "  ");
  return styled(text, style::bold, options.colour) + "\n";
}

std::string section(std::string_view title, const render_options& options) {
  return fmt::format("\n{}\n", styled(title, style::bold, options.colour));
}

std::string outcome(const evidence& e) {
  return e.status == 0 ? "the client got no answer" : fmt::format("the client got {}", e.status);
}

}  // namespace

std::string render_handshake(const evidence& e, const render_options& options) {
  auto out = heading(e, options);
  out += paragraph("credential: " + clean(credential_line(e), longest_text), options.width, "  ", "    ");
  if (!e.needed.empty())
    out += paragraph("needs: " + clean(to_text(e.needed), longest_text), options.width, "  ", "    ");
  std::size_t number = 0;
  for (const auto& timed : e.steps) {
    const auto first = fmt::format("{:>3} {:>6} ms  {:<13} ", ++number, timed.at_ms, speaker_text(timed.step));
    const auto text = clean(step_text(timed.step), longest_text);
    out += paragraph(text, options.width, first, std::string(terminal::columns(first), ' '));
  }
  return out + paragraph(outcome(e), options.width, "  => ", "     ");
}

std::string render_step(bool fine, std::string_view name, std::string_view text, std::int64_t ms,
                        const render_options& options) {
  const std::string_view mark = fine ? "ok" : "NO";
  const auto first = fmt::format("{}  {:<13} ", mark, name);
  const auto took = ms < 0 ? std::string() : fmt::format(" ({} ms)", ms);
  const auto shown = clean(text, longest_text) + took;
  auto lines = paragraph(shown, options.width, first, std::string(terminal::columns(first), ' '));
  // Only the mark is styled, after wrapping, because escape sequences take no columns.
  return styled(mark, fine ? style::green : style::red, options.colour) + lines.substr(mark.size());
}

std::string render(const explanation& x, const render_options& options) {
  const auto name = clean(x.cause);
  const auto title = title_of(x.cause);
  const bool one_line = terminal::columns(title) + terminal::columns(name) + 3 <= options.width;
  auto out = fmt::format("{}{}{}\n", styled(title, style::red, options.colour), one_line ? " " : "\n",
                         styled("(" + name + ")", style::dim, options.colour));
  out += paragraph(clean(x.summary, longest_text), options.width, "", "");
  if (!x.evidence.empty()) out += section("What was observed", options);
  out += listed(x.evidence, false, options.width);
  if (!x.fix.empty()) out += section("What to do", options);
  out += listed(x.fix, true, options.width);
  return out + "\n" + paragraph(certainty_line(x), options.width, "", "");
}

}  // namespace regpass::diagnosis
