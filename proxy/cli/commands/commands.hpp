// The command line: one file per command.
#pragma once

#include "regpass/config/load.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace regpass::cli {

// Exit codes: 0 success, 1 the requested operation failed, 2 it could not be started.
inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// Options of every command.
struct common_options {
  std::string config_file;
  std::vector<std::string> sets;  // key=value
  std::string colour = "auto";    // auto | always | never
};

struct check_options {
  std::string reference;
  bool push = false;
  bool remove = false;
  std::string mount_from{};
  bool json = false;
};

struct run_options {
  std::vector<std::string> command;
  std::string log_file;
  bool page = false;
};

struct explain_options {
  std::string what;                   // a cause, a log file, or "-"
  std::optional<std::size_t> last{};  // only the last failures
  std::string har_file{};             // file for an archive of the log's exchanges; empty: none
  bool json = false;
  bool list = false;   // the causes
  bool index = false;  // the whole manual as Markdown
};

struct config_check_options {
  bool without_files = false;
};

struct redirect_options {
  std::vector<std::uint16_t> ports;  // empty: 443 and 80
  std::optional<std::uint16_t> to;   // default: the port of listen.transparent
  std::optional<std::uint32_t> uid;  // default: this process's
  std::vector<std::string> except_networks;
  std::vector<std::uint16_t> except_ports;
};

struct health_options {
  std::string which = "live";        // live | ready
  std::chrono::seconds patience{0};  // retried until it succeeds, or this is over
};

int run_command_line(int argc, char** argv);

int serve(const common_options&);
int run(const common_options&, const run_options&);
int check(const common_options&, const check_options&);
int explain_failures(const common_options&, const explain_options&);
int config_check(const common_options&, const config_check_options&);
int config_show(const common_options&);
int config_schema();
int ca_show(const common_options&);
int redirect_apply(const common_options&, const redirect_options&);
int redirect_remove();
int redirect_show();
int healthcheck(const common_options&, const health_options&);
int version();
std::string version_text();

// Loads the configuration and prints warnings to stderr. If it is invalid, prints the problems and returns nothing.
std::optional<config::loaded> load_or_complain(const common_options&, config::purpose);
config::inputs inputs_of(const common_options&, config::purpose);
bool colourful(const common_options&, int descriptor);
// Prints "regpass: what is wrong" and, on a second line, what to do.
void complain(const std::string& what, const std::string& fix = {});

}  // namespace regpass::cli
