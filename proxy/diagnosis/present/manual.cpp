#include "diagnosis/present/manual.hpp"

#include "diagnosis/present/terminal_text.hpp"
#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace regpass::diagnosis {
namespace {

using terminal::paragraph;
using terminal::style;
using terminal::styled;

std::vector<std::string> words_in(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> all;
  for (std::string one; in >> one;) all.push_back(one);
  return all;
}

std::vector<std::string> steps_of(const cause& row) {
  std::vector<std::string> all;
  std::istringstream in{std::string(row.fix_text)};
  for (std::string one; std::getline(in, one);) all.push_back(words::fill_generic(one));
  return all;
}

std::string section(std::string_view title, const render_options& options) {
  return fmt::format("\n{}\n", styled(title, style::bold, options.colour));
}

std::string heading(const cause& row, const render_options& options) {
  return paragraph(row.title, options.width, "", "") +
         fmt::format("{}\n", styled(fmt::format("({})", row.name), style::dim, options.colour));
}

// GitHub's anchors are the headings in lower case with hyphens; a name is its own.
std::string link(const cause& row) {
  return fmt::format("[`{}`](#{})", row.name, row.name);
}

std::string section_of_index(const cause& row) {
  auto out = fmt::format("### {}\n\n**{}**\n\n", row.name, row.title);
  out += fmt::format("*On the wire.* {}\n\n*Why.* {}\n\n", row.doc.seen, row.doc.why);
  const auto steps = steps_of(row);
  for (std::size_t i = 0; i < steps.size(); ++i) out += fmt::format("{}. {}\n", i + 1, steps[i]);
  out += fmt::format("\n*How to tell it apart.* {}\n", row.doc.apart);
  const auto others = words_in(row.doc.look_alikes);
  if (others.empty()) return out + "\n";
  out += "\n*Confused with:*";
  for (std::size_t i = 0; i < others.size(); ++i) {
    out += fmt::format("{} {}", i == 0 ? "" : ",", link(*find_cause(others[i])));
  }
  return out + "\n\n";
}

}  // namespace

std::string manual(const cause& row, const render_options& options) {
  const auto text = [&](std::string_view what) { return paragraph(what, options.width, "  ", "  "); };
  auto out = heading(row, options);
  out += section("What it looks like", options) + text(row.doc.seen);
  out += section("Why it happens", options) + text(row.doc.why);
  out += section("What to do", options);
  const auto steps = steps_of(row);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto mark = fmt::format("  {}. ", i + 1);
    out += paragraph(steps[i], options.width, mark, std::string(mark.size(), ' '));
  }
  out += section("How to tell it apart", options) + text(row.doc.apart);
  for (const auto& name : words_in(row.doc.look_alikes)) {
    out += paragraph(fmt::format("{}: {}", name, find_cause(name)->title), options.width, "  - ", "    ");
  }
  return out;
}

std::string list_of_causes(const render_options& options) {
  std::size_t widest = 0;
  for (const auto& row : causes()) widest = std::max(widest, row.name.size());
  std::string out;
  for (const auto& row : causes()) {
    const auto first = fmt::format("{:<{}}  ", row.name, widest);
    out += paragraph(row.title, options.width, first, std::string(first.size(), ' '));
  }
  return out;
}

std::string failure_index() {
  std::string out =
      "# Registry login failures and how to fix them\n\n"
      "Every cause of failure that `regpass` recognizes between container builds and registries, under the name used "
      "in its log, in the client's error message and in `regpass explain CAUSE`. This file is written by `regpass "
      "explain --index`.\n\n";
  for (const auto& row : causes()) out += fmt::format("- {}: {}\n", link(row), row.title);
  out += "\n";
  for (const auto& row : causes()) out += section_of_index(row);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace regpass::diagnosis
