#include "script.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>

namespace regpass::testing {
namespace {

std::string base64url(std::string_view text) {
  auto encoded = base64(text);
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  encoded.erase(encoded.find_last_not_of('=') + 1);
  return encoded;
}

// "+300" and "-60" become dates.
std::string with_times(std::string text) {
  for (const char sign : {'+', '-'}) {
    const auto mark = std::string("\"") + sign;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const auto end = text.find('"', at + 1);
      const auto seconds = std::stoll(text.substr(at + 1, end - at - 1));
      text.replace(at, end - at + 1, std::to_string(std::time(nullptr) + seconds));
    }
  }
  return text;
}

std::string jwt(const std::string& claims) {
  return base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(with_times(claims)) + "." +
         base64url("no signature");
}

std::string http_date(const std::string& offset) {
  const auto at = static_cast<std::time_t>(std::time(nullptr) + std::stoll(offset));
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

// Little-endian with its byte order mark, as Windows PowerShell redirects output; of ASCII.
std::string utf16(const std::string& text) {
  std::string made = "\xFF\xFE";
  for (const char c : text) made.append({c, '\0'});
  return made;
}

void replace_all(std::string& text, const std::string& begins, const std::string& ends,
                 const std::function<std::string(const std::string&)>& make) {
  for (auto at = text.find(begins); at != std::string::npos; at = text.find(begins, at)) {
    const auto end = text.find(ends, at + begins.size());
    if (end == std::string::npos) throw std::runtime_error("unterminated " + begins);
    const auto made = make(text.substr(at + begins.size(), end - at - begins.size()));
    text.replace(at, end - at + ends.size(), made);
    at += made.size();
  }
}

std::string filled(std::string text) {
  replace_all(text, "%secret", "%", [](const auto&) { return "canary-password"; });
  replace_all(text, "%jwt{", "}%", [](const auto& inner) { return jwt("{" + inner + "}"); });
  replace_all(text, "%b64{", "}%", [](const auto& inner) { return base64(inner); });
  replace_all(text, "%date", "%", http_date);
  replace_all(text, "%bom", "%", [](const auto&) { return "\xEF\xBB\xBF"; });
  replace_all(text, "%utf16{", "}%", utf16);
  return text;
}

// The head of a block and its lines, two blanks of indentation taken away.
struct block {
  std::string word;
  std::string rest;
  std::vector<std::string> lines;
};

std::string joined(const std::vector<std::string>& lines, std::size_t from) {
  std::string text;
  for (auto i = from; i < lines.size(); ++i) text += (i > from ? "\n" : "") + lines[i];
  return text;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string one; in >> one;) words.push_back(one);
  return words;
}

std::pair<std::string, std::string> split(const std::string& text, const std::string& at) {
  const auto found = text.find(at);
  if (found == std::string::npos) return {text, ""};
  return {text.substr(0, found), text.substr(found + at.size())};
}

// Fields until an empty line, then the body.
template <class Message>
void read_message(Message& into, const std::vector<std::string>& lines, std::size_t from) {
  auto i = from;
  for (; i < lines.size() && !lines[i].empty(); ++i) into.fields.push_back(split(filled(lines[i]), ": "));
  if (i < lines.size()) into.body = filled(joined(lines, i + 1));
}

scripted_reply reply_from(const block& from) {
  static const std::set<std::string> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  scripted_reply made;
  for (const auto& word : words_of(from.rest)) {
    if (word == "with") {
      made.when = scripted_reply::authorization::with;
    } else if (word == "bare") {
      made.when = scripted_reply::authorization::bare;
    } else if (word == "once") {
      made.once = true;
    } else if (methods.contains(word)) {
      made.method = word;
    } else {
      made.path = word;
    }
  }
  if (from.lines.empty()) throw std::runtime_error(from.word + " without a response");
  const auto [code, reason] = split(from.lines.front(), " ");
  made.status = std::stoi(code);
  made.reason = reason;
  read_message(made, from.lines, 1);
  return made;
}

scripted_request request_from(const block& from) {
  scripted_request made;
  std::tie(made.method, made.target) = split(from.rest, " ");
  read_message(made, from.lines, 0);
  return made;
}

void apply(scripted_case& to, const block& from) {
  const auto lines = joined(from.lines, 0);
  const auto add_words = [&](std::vector<std::string>& list) {
    for (auto& one : words_of(from.rest)) list.push_back(one);
  };
  if (from.word == "registry") {
    to.registry = from.rest;
  } else if (from.word == "file") {
    auto [name, content] = split(from.rest, " ");
    if (!lines.empty()) content += "\n" + lines;
    to.files.emplace_back(name, filled(content));
  } else if (from.word == "directory") {
    to.directories.push_back(from.rest);
  } else if (from.word == "place") {
    to.places.push_back(from.rest);
  } else if (from.word == "challenge") {
    to.challenge = from.rest;
  } else if (from.word == "registry-says") {
    to.registry_says.push_back(reply_from(from));
  } else if (from.word == "token-says") {
    to.token_says.push_back(reply_from(from));
  } else if (from.word == "request") {
    to.requests.push_back(request_from(from));
  } else if (from.word == "set") {
    to.settings.insert(split(from.rest, "="));
  } else if (from.word == "wire") {
    to.wires.insert(split(from.rest, " "));
  } else if (from.word == "expect") {
    add_words(to.expected);
  } else if (from.word == "notice") {
    add_words(to.notices);
  } else if (from.word == "warning") {
    add_words(to.warnings);
  } else if (from.word == "fine") {
    to.fine = std::stoi(from.rest);
  } else if (from.word == "cured") {
    to.cured = from.rest;
  } else {
    throw std::runtime_error("unknown word " + from.word);
  }
}

std::vector<block> blocks_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<block> all;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("  ") && !all.empty()) {
      all.back().lines.push_back(line.substr(2) == "." ? "" : line.substr(2));
    } else if (!line.empty()) {
      auto [word, rest] = split(line, " ");
      all.push_back({word, rest, {}});
    }
  }
  return all;
}

void read_file(const std::filesystem::path& file, std::vector<scripted_case>& into) {
  for (const auto& one : blocks_of(file)) {
    try {
      if (one.word == "case") {
        into.emplace_back();
        std::tie(into.back().id, into.back().title) = split(one.rest, " ");
      } else if (into.empty()) {
        throw std::runtime_error("nothing may stand before the first case");
      } else {
        apply(into.back(), one);
      }
    } catch (const std::exception& wrong) {
      throw std::runtime_error(fmt::format("{}: {}: {} {}: {}", file.string(), into.empty() ? "" : into.back().id,
                                           one.word, one.rest, wrong.what()));
    }
  }
}

}  // namespace

std::vector<scripted_case> read_cases(const std::filesystem::path& directory) {
  std::set<std::filesystem::path> files;
  for (const auto& one : std::filesystem::directory_iterator(directory)) {
    if (one.path().extension() == ".cases") files.insert(one.path());
  }
  std::vector<scripted_case> all;
  for (const auto& file : files) read_file(file, all);
  return all;
}

}  // namespace regpass::testing
