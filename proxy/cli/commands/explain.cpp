#include "cli/ask_sidecar.hpp"
#include "cli/commands/commands.hpp"
#include "daemon/side_listeners.hpp"
#include "diagnosis/present/manual.hpp"
#include "diagnosis/present/render.hpp"
#include "diagnosis/record/log_reader.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"
#include "regpass/diagnosis/diagnose.hpp"
#include "regpass/diagnosis/har.hpp"

#include <boost/json/serialize.hpp>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>

namespace regpass::cli {

namespace {

struct failure {
  diagnosis::evidence seen;
  diagnosis::explanation why;
};

// Prints each failure as it is read, or only the last ones at the end.
class report {
 public:
  report(const explain_options& options, bool colour) : options_(options), how_{.colour = colour} {}

  void add(const diagnosis::evidence& seen) {
    auto why = diagnosis::diagnose(seen);
    if (!why) return;
    ++failures_;
    if (!options_.last) return print({seen, std::move(*why)});
    kept_.push_back({seen, std::move(*why)});
    if (kept_.size() > *options_.last) kept_.pop_front();
  }

  void finish(const diagnosis::log_reader& from) {
    for (const auto& one : kept_) print(one);
    if (options_.json) {
      std::printf("%s],\"exchanges\":%zu,\"only_counted\":%llu,\"skipped\":%zu}\n",
                  printed_ == 0 ? "{\"failures\":[" : "", from.exchanges(),
                  static_cast<unsigned long long>(from.only_counted()), from.skipped());
      return;
    }
    std::printf("%s%zu exchanges, %zu of them failed", printed_ == 0 ? "" : "\n", from.exchanges(), failures_);
    if (const auto more = static_cast<unsigned long long>(from.only_counted()); more > 0) {
      std::printf("; %llu more refusals were only counted, not logged one by one", more);
    }
    if (from.skipped() > 0) std::printf("; %zu lines are no log lines of regpass and were skipped", from.skipped());
    std::printf("\n");
  }

  std::size_t failures() const noexcept { return failures_; }

 private:
  void print(const failure& one) {
    ++printed_;
    if (options_.json) {
      auto shown = diagnosis::to_json(one.seen);
      shown["explanation"] = diagnosis::to_json(one.why);
      std::printf("%s%s", printed_ == 1 ? "{\"failures\":[" : ",\n", boost::json::serialize(shown).c_str());
      return;
    }
    const auto when = one.seen.began_at ? rfc3339(*one.seen.began_at) + "  " : std::string();
    std::printf("%s%s%s\n%s\n%s", printed_ == 1 ? "" : "\n", when.c_str(), clean(one.seen.id, 64).c_str(),
                diagnosis::render(one.why, how_).c_str(), diagnosis::render_handshake(one.seen, how_).c_str());
  }

  const explain_options& options_;
  diagnosis::render_options how_;
  std::deque<failure> kept_;
  std::size_t failures_ = 0;
  std::size_t printed_ = 0;
};

// The exchanges of a log as an HTTP Archive. Logs may be larger than memory, so only the last exchanges are kept.
class archive {
 public:
  explicit archive(std::string file) : file_(std::move(file)) {}

  void add(const diagnosis::evidence& seen) {
    if (file_.empty()) return;
    kept_.push_back(seen);
    if (kept_.size() > most) kept_.pop_front();
  }
  // false: the problem was printed to stderr.
  bool write() const {
    if (file_.empty()) return true;
    std::ofstream to(file_, std::ios::binary | std::ios::trunc);
    const std::vector<diagnosis::evidence> all(kept_.begin(), kept_.end());
    to << boost::json::serialize(diagnosis::to_har(all)) << '\n';
    if (to.flush()) return true;
    complain("the archive cannot be written to " + clean(file_, 200), "use a file in a writable directory");
    return false;
  }

 private:
  static constexpr std::size_t most = 10'000;
  std::string file_;
  std::deque<diagnosis::evidence> kept_;
};

struct closer {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) static_cast<void>(std::fclose(file));  // only opened for reading
  }
};

using feeder = std::function<void(diagnosis::log_reader&)>;

int explain_all(const common_options& common, const explain_options& options, const feeder& feed) {
  report to(options, colourful(common, STDOUT_FILENO));
  archive har(options.har_file);
  diagnosis::log_reader reader([&](const diagnosis::evidence& seen) {
    to.add(seen);
    har.add(seen);
  });
  feed(reader);
  reader.finish();
  to.finish(reader);
  if (!har.write()) return exit_usage;
  return to.failures() > 0 ? exit_failed : exit_fine;
}

int explain_log(const common_options& common, const explain_options& options) {
  const std::unique_ptr<std::FILE, closer> from(options.what == "-" ? stdin : std::fopen(options.what.c_str(), "rb"));
  if (!from) {
    const auto name = clean(options.what, 200);
    std::vector<std::string> names;
    for (const auto& row : diagnosis::causes()) names.emplace_back(row.name);
    const auto meant = nearest(options.what, names);
    complain("there is neither a cause nor a readable file of the name " + name,
             meant ? "did you mean: regpass explain " + std::string(*meant)
                   : "regpass explain --list names the causes; a log is a file, or - for standard input");
    return exit_usage;
  }
  std::array<char, 64 * 1024> buffer{};
  auto got = std::fread(buffer.data(), 1, buffer.size(), from.get());
  if (const auto wide = wide_encoding_of({buffer.data(), got})) {
    complain(clean(options.what, 200) + " is " + std::string(*wide),
             "save it as UTF-8; in PowerShell: kubectl logs POD | Out-File -Encoding utf8 regpass.log");
    return exit_usage;
  }
  return explain_all(common, options, [&](diagnosis::log_reader& reader) {
    for (; got > 0; got = std::fread(buffer.data(), 1, buffer.size(), from.get())) reader.feed({buffer.data(), got});
  });
}

// The history of the running sidecar with this configuration.
int explain_history(const common_options& common, const explain_options& options) {
  const auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  const auto socket = daemon::admin_socket(loaded->settings);
  const auto got = ask_sidecar(socket, "/history");
  if (!got || got->status != 200) {
    complain("no sidecar can be asked: " + (got ? "status " + std::to_string(got->status) : got.error().detail),
             "name a log: regpass explain /var/log/regpass.log, or: kubectl logs POD | regpass explain -");
    return exit_usage;
  }
  return explain_all(common, options, [&got](diagnosis::log_reader& reader) { reader.feed(got->body); });
}

}  // namespace

int explain_failures(const common_options& common, const explain_options& options) {
  const diagnosis::render_options how{.colour = colourful(common, STDOUT_FILENO)};
  if (options.index) {
    std::fputs(diagnosis::failure_index().c_str(), stdout);
    return exit_fine;
  }
  if (options.list) {
    std::fputs(diagnosis::list_of_causes(how).c_str(), stdout);
    return exit_fine;
  }
  if (options.what.empty()) return explain_history(common, options);
  const auto* row = diagnosis::find_cause(options.what);
  if (row == nullptr) return explain_log(common, options);
  std::fputs(diagnosis::manual(*row, how).c_str(), stdout);
  return exit_fine;
}

}  // namespace regpass::cli
