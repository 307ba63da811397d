#include "cli/commands/commands.hpp"
#include "daemon/report/clock_watch.hpp"
#include "daemon/server.hpp"
#include "daemon/startup/hardening.hpp"
#include "platform/service_manager.hpp"
#include "platform/spare_memory.hpp"
#include "regpass/async/task.hpp"
#include "regpass/base/log.hpp"
#include "regpass/base/text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace regpass::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto look_every = std::chrono::milliseconds{100};

// A push in progress goes on, and so does what its client opens next: regpass exits once it was idle for a while.
async::task<void> drain(daemon::server& running, const platform::service_manager& manager,
                        const config::drain_settings& how, boost::asio::io_context& control) {
  boost::asio::steady_timer timer(control);
  const auto began = clock::now();
  auto idle_since = began;
  running.draining();
  manager.stopping(how.timeout, running.summary());
  log::write(log::level::info, "drain", "draining: exchanges in progress are completed", {{"busy", running.busy()}});
  while (clock::now() - began < how.timeout && clock::now() - idle_since < how.idle) {
    timer.expires_after(look_every);
    co_await timer.async_wait(async::use_task);
    if (running.busy() > 0) idle_since = clock::now();
  }
  control.stop();
}

// Starts draining, once.
struct ending {
  daemon::server& running;
  const platform::service_manager& manager;
  const config::drain_settings& how;
  boost::asio::io_context& control;
  bool begun = false;

  void begin() {
    if (begun) return;
    begun = true;
    async::spawn(control.get_executor(), drain(running, manager, how, control), "drain");
  }
};

async::task<void> watch_signals(ending& end) {
  boost::asio::signal_set signals(end.control, SIGTERM, SIGINT, SIGHUP);
  for (;;) {
    const auto [ec, number] = co_await signals.async_wait(async::use_task);
    if (ec) co_return;
    if (number == SIGHUP) {
      end.manager.reloading();
      end.running.reload();
      end.manager.ready(end.running.summary());
    } else if (end.begun) {
      end.control.stop();  // the second signal: stop at once
    } else {
      end.begin();
    }
  }
}

// A file that exists from the start also counts: its build is over, and there is nobody left to serve.
async::task<void> watch_quit_file(ending& end) {
  boost::asio::steady_timer timer(end.control);
  while (!end.begun) {
    if (::access(end.how.quit_file.c_str(), F_OK) == 0) {
      log::write(log::level::info, "drain", "the file named by drain.quit_file exists",
                 {{"file", clean(end.how.quit_file.string())}});
      end.begin();
      co_return;
    }
    timer.expires_after(look_every);
    co_await timer.async_wait(async::use_task);
  }
}

}  // namespace

int serve(const common_options& common) {
  const auto inputs = inputs_of(common, config::purpose::serve);
  auto loaded = load_or_complain(common, config::purpose::serve);
  if (!loaded) return exit_usage;
  auto confined = platform::confine(daemon::confinement_for(loaded->settings));
  if (auto logging = log::start(loaded->settings.log); !logging) {
    complain(logging.error().detail);
    return exit_usage;
  }
  const auto how = loaded->settings.drain;
  const platform::service_manager manager(inputs.environment);
  log::write(log::level::info, "started", "regpass starts",
             {{"config", loaded->file.string()},
              {"state_dir", loaded->settings.state_dir.string()},
              {"hardening", std::move(confined)}});
  boost::asio::io_context control(1);
  auto running = daemon::server::start(control.get_executor(), std::move(*loaded), inputs);
  if (!running) {
    log::stop();
    complain(running.error().detail);
    return exit_usage;
  }
  auto& serving = **running;
  async::spawn(control.get_executor(), daemon::watch_clock(control.get_executor()), "clock");
  async::spawn(control.get_executor(), platform::give_back_memory(control.get_executor()), "memory");
  ending end{serving, manager, how, control};
  async::spawn(control.get_executor(), watch_signals(end), "signals");
  if (!how.quit_file.empty()) async::spawn(control.get_executor(), watch_quit_file(end), "quit file");
  async::spawn(control.get_executor(),
               platform::service_manager::feed_watchdog(manager, [&serving] { return serving.alive(); }), "watchdog");
  manager.ready(serving.summary());
  platform::release_startup_memory();
  control.run();
  log::write(log::level::info, "stopped", "regpass stops", {{"busy", serving.busy()}});
  serving.stop();
  log::stop();
  return exit_fine;
}

}  // namespace regpass::cli
