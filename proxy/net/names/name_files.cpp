#include "net/names/name_files.hpp"

#include "regpass/base/text.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace regpass::net {

namespace {

constexpr std::size_t most_search_domains = 32;
constexpr unsigned most_ndots = 15;  // as in the C library

// Removes the next word from `line` and returns it; empty at the end of the line.
std::string_view take_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

template <class F>
void for_each_line(std::string_view text, std::string_view comment, F call) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find_first_of(comment));
    call(line);
  }
}

std::string without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return lower(name);
}

void read_options(std::string_view line, dns_settings& into) {
  constexpr std::string_view dots = "ndots:";
  for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word == "use-vc" || word == "usevc") into.over_tcp = true;
    if (!word.starts_with(dots)) continue;
    const auto number = word.substr(dots.size());
    unsigned count = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), count);
    if (read.ec == std::errc{}) into.ndots = std::min(count, most_ndots);
    if (read.ec == std::errc::result_out_of_range) into.ndots = most_ndots;
  }
}

}  // namespace

hosts_table parse_hosts(std::string_view text) {
  hosts_table table;
  for_each_line(text, "#", [&](std::string_view line) {
    boost::system::error_code bad;
    const auto address = boost::asio::ip::make_address(std::string(take_word(line)), bad);
    if (bad) return;
    for (auto name = take_word(line); !name.empty(); name = take_word(line)) {
      auto& known = table[without_dot(name)];
      if (std::ranges::find(known, address) == known.end()) known.push_back(address);
    }
  });
  return table;
}

dns_settings parse_resolv_conf(std::string_view text, std::string_view host_name) {
  dns_settings settings;
  bool has_search = false;
  for_each_line(text, "#;", [&](std::string_view line) {
    const auto key = take_word(line);
    if (key == "nameserver") {
      if (const auto server = take_word(line); !server.empty()) settings.servers.emplace_back(server);
    } else if (key == "search" || key == "domain") {
      has_search = true;
      settings.search.clear();
      for (auto name = take_word(line); !name.empty(); name = take_word(line)) {
        if (settings.search.size() < most_search_domains) settings.search.push_back(without_dot(name));
        if (key == "domain") break;
      }
    } else if (key == "options") {
      read_options(line, settings);
    }
  });
  if (settings.servers.empty()) settings.servers.emplace_back("127.0.0.1");
  const auto dot = std::min(host_name.find('.'), host_name.size());
  if (!has_search && dot + 1 < host_name.size()) settings.search.push_back(without_dot(host_name.substr(dot + 1)));
  std::erase(settings.search, std::string());
  return settings;
}

std::vector<std::string> candidates(const std::string& host, const dns_settings& settings) {
  std::vector<std::string> names;
  const auto dots = static_cast<std::size_t>(std::ranges::count(host, '.'));
  const bool unchanged_first = dots >= settings.ndots;
  if (unchanged_first) names.push_back(host);
  for (const auto& domain : settings.search) names.push_back(host + "." + domain);
  if (!unchanged_first) names.push_back(host);
  return names;
}

name_sources parse_nsswitch(std::string_view text) {
  // Modules that add nothing to files and DNS: nss-resolve asks the server that resolv.conf names.
  constexpr std::array<std::string_view, 4> covered{"files", "dns", "resolve", "compat"};
  name_sources sources;
  for_each_line(text, "#", [&](std::string_view line) {
    if (take_word(line) != "hosts:") return;
    sources = {.files = false, .dns = false, .others = false};
    bool in_action = false;
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
      const bool begins = word.starts_with('[');
      const bool action = begins || in_action;
      in_action = action && !word.ends_with(']');
      if (action) continue;
      sources.files |= word == "files" || word == "compat";
      sources.dns |= word == "dns" || word == "resolve";
      sources.others |= std::ranges::find(covered, word) == covered.end();
    }
  });
  return sources;
}

std::string file_mark(const std::filesystem::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return "none";
  std::string mark;
  for (const auto part :
       {static_cast<long long>(found.st_ino), static_cast<long long>(found.st_size),
        static_cast<long long>(found.st_mtim.tv_sec), static_cast<long long>(found.st_mtim.tv_nsec),
        static_cast<long long>(found.st_ctim.tv_sec), static_cast<long long>(found.st_ctim.tv_nsec)}) {
    mark += std::to_string(part) + ' ';
  }
  return mark;
}

}  // namespace regpass::net
