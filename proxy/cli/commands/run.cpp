#include "cli/commands/commands.hpp"
#include "cli/run_advice.hpp"
#include "daemon/client_secret.hpp"
#include "daemon/server.hpp"
#include "diagnosis/present/render.hpp"
#include "platform/child.hpp"
#include "regpass/async/task.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <csignal>
#include <cstdio>
#include <set>

namespace regpass::cli {

namespace {

namespace fs = std::filesystem;

constexpr int exit_not_found = 127;
constexpr int exit_not_runnable = 126;

// A temporary directory for this run's CA and published certificates: the CA is created for the registries known now,
// and deleted after the run.
class scratch {
 public:
  static result<std::unique_ptr<scratch>> make(const fs::path& parent) {
    std::error_code ec;
    fs::create_directories(parent, ec);
    std::string name = (parent / "run-XXXXXX").string();
    if (ec || ::mkdtemp(name.data()) == nullptr) {
      return fail(errc::io,
                  "cannot create a directory in " + parent.string() + "; set state_dir to a writable directory");
    }
    return std::unique_ptr<scratch>(new scratch(name));
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const noexcept { return path_; }

 private:
  explicit scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

// RFC 3986 section 3.2.1: everything except unreserved characters is escaped.
std::string as_userinfo(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~").contains(c);
    made += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return made;
}

// The command presents the password in the way that every client supports: in the proxy's URL.
std::map<std::string, std::string> child_environment(std::map<std::string, std::string> made,
                                                     const daemon::server& sidecar, const secret& password) {
  const auto proxy = "http://regpass:" + as_userinfo(password.expose()) + "@" + net::shown(sidecar.proxy_endpoint());
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}) made[name] = proxy;
  for (const auto* name : {"NO_PROXY", "no_proxy"}) made[name] = "localhost,127.0.0.1,::1";
  const auto bundle = (sidecar.publish_dir() / "bundle.crt").string();
  for (const auto* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"})
    made[name] = bundle;
  made["NODE_EXTRA_CA_CERTS"] = (sidecar.publish_dir() / "ca.crt").string();
  const auto directories = made.find("SSL_CERT_DIR");
  made["SSL_CERT_DIR"] =
      (directories == made.end() ? "/etc/ssl/certs" : directories->second) + ":" + sidecar.publish_dir().string();
  return made;
}

// Keeps other users of this machine from using the sidecar. The inputs are changed too, because reloads read them
// again.
void require_own_password(config::settings& settings, config::inputs& inputs, const fs::path& directory) {
  settings.client_auth = {.secret_file = directory / "client-secret", .create = true};
  inputs.sets.emplace_back("client_auth.secret_file", settings.client_auth.secret_file.string());
  inputs.sets.emplace_back("client_auth.create", "true");
}

// Forwards signals to the child, and ends the loop when the child has exited.
async::task<void> supervise(pid_t child, boost::asio::signal_set& signals, boost::asio::io_context& control,
                            int& code) {
  for (;;) {
    const auto finished = platform::exit_code_of(child);
    if (finished) {
      code = *finished;
      control.stop();
      co_return;
    }
    const auto [ec, number] = co_await signals.async_wait(async::use_task);
    if (!ec && number != SIGCHLD) ::kill(child, number);
  }
}

void tell(const advice& one) {
  complain(one.what, one.remedy);
}

// Prints why a command may have failed if no exchange explains it.
void advise_on_failure(const daemon::server& sidecar, const std::vector<std::string>& command, bool daemon_named) {
  const auto passed = sidecar.passed_hosts();
  for (const auto& one : advise_on_logins(command, {passed, sidecar.entries()})) tell(one);
  if (passed.empty() && sidecar.history().empty() && !daemon_named) tell(advise_on_silence(command));
}

// Prints each cause once, however often a client ran into it.
void explain_failures(const daemon::server& sidecar, bool colour, const std::string& log_file) {
  std::set<std::string> told;
  for (const auto& one : sidecar.history()) {
    if (!one.explanation || !told.insert(one.explanation->cause + one.explanation->summary).second) continue;
    const diagnosis::render_options how{.colour = colour};
    std::fprintf(stderr, "\n%s\n%s", diagnosis::render(*one.explanation, how).c_str(),
                 diagnosis::render_handshake(one.evidence, how).c_str());
  }
  if (!told.empty()) std::fprintf(stderr, "\nregpass: the whole log is in %s\n", log_file.c_str());
}

}  // namespace

int run(const common_options& common, const run_options& options) {
  auto inputs = inputs_of(common, config::purpose::run);
  auto loaded = load_or_complain(common, config::purpose::run);
  if (!loaded) return exit_usage;
  if (loaded->settings.listen.proxy.empty()) {
    complain("`regpass run` needs its proxy listener, and listen.proxy is \"\"",
             "remove that line, or use `regpass serve`");
    return exit_usage;
  }
  auto own = scratch::make(loaded->settings.state_dir);
  if (!own) {
    complain(own.error().detail);
    return exit_usage;
  }
  auto& settings = loaded->settings;
  if (loaded->origins["tls.ca_dir"] == "default") settings.tls.ca_dir = (*own)->path() / "ca";
  if (loaded->origins["tls.publish_dir"] == "default") settings.tls.publish_dir = (*own)->path() / "publish";
  if (settings.client_auth.secret_file.empty()) require_own_password(settings, inputs, (*own)->path());
  settings.log.file = options.log_file.empty() ? settings.state_dir / "run.log" : fs::path(options.log_file);
  if (options.page && settings.listen.page.empty()) settings.listen.page = "127.0.0.1:0";
  const auto log_file = settings.log.file.string();
  std::error_code ignored;
  fs::remove(settings.log.file, ignored);
  if (auto logging = log::start(settings.log); !logging) {
    complain(logging.error().detail);
    return exit_usage;
  }

  boost::asio::io_context control(1);
  const auto secret_file = settings.client_auth.secret_file;
  auto sidecar = daemon::server::start(control.get_executor(), std::move(*loaded), inputs);
  if (!sidecar) {
    log::stop();
    complain(sidecar.error().detail);
    return exit_usage;
  }
  const auto password = daemon::read_client_secret(secret_file);
  if (!password) {
    log::stop();
    complain(password.error().detail);
    return exit_usage;
  }
  if (const auto& url = (*sidecar)->page_url(); !url.empty()) {
    std::fprintf(stderr, "regpass: see what happens at %s\n", url.c_str());
  }
  // Registered before the child exists: it may send a signal at once.
  boost::asio::signal_set signals(control, SIGCHLD, SIGTERM, SIGINT);
  signals.add(SIGHUP);
  signals.add(SIGQUIT);
  const auto on_daemon = advise_on_daemon(options.command, inputs.environment);
  if (on_daemon) tell(*on_daemon);
  const auto child =
      platform::start_child(options.command, child_environment(inputs.environment, **sidecar, **password));
  int code = exit_not_found;
  if (child) {
    async::spawn(control.get_executor(), supervise(*child, signals, control, code), "child");
    control.run();
  } else {
    complain(child.error().detail);
    if (child.error().code != errc::not_found) code = exit_not_runnable;
  }
  (*sidecar)->stop();
  explain_failures(**sidecar, colourful(common, STDERR_FILENO), log_file);
  if (child && code != 0) advise_on_failure(**sidecar, options.command, on_daemon.has_value());
  log::stop();
  return code;
}

}  // namespace regpass::cli
