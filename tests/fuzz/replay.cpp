// test_fuzz TARGET [FILE|DIRECTORY]...: runs a target on each file, and on every beginning of it. Without libFuzzer.
#include "registration.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace regpass::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t beginnings = 64;  // of each file

std::map<std::string, target>& targets() {
  static std::map<std::string, target> all;
  return all;
}

void replay(target run, const fs::path& file) {
  std::fprintf(stderr, "%s\n", file.c_str());
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto step = bytes.size() / beginnings + 1;
  for (std::size_t size = 0; size < bytes.size(); size += step) run(std::string_view(bytes).substr(0, size));
  run(bytes);
}

std::set<fs::path> files_at(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place)) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  return files;
}

int replay_all(const std::string& name, char** places, int count) {
  const auto found = targets().find(name);
  if (found == targets().end()) {
    std::fprintf(stderr, "no target %s; there are:\n", name.c_str());
    for (const auto& one : targets()) std::fprintf(stderr, "  %s\n", one.first.c_str());
    return 2;
  }
  std::size_t ran = 0;
  for (int i = 0; i < count; ++i) {
    for (const auto& file : files_at(places[i])) {
      replay(found->second, file);
      ++ran;
    }
  }
  if (ran > 0) return 0;
  std::fprintf(stderr, "no corpus: nothing was run\n");
  return 1;
}

}  // namespace

registration::registration(const char* name, target run) {
  targets().emplace(name, run);
}

}  // namespace regpass::fuzz

int main(int argc, char** argv) {
  return regpass::fuzz::replay_all(argc > 1 ? argv[1] : "", argv + 2, argc > 2 ? argc - 2 : 0);
}
