// Credentials that programs have: asked when one is needed, one run per question for all workers, answers kept.
//
// All of it happens on one worker, the home, as with token_client.
#pragma once

#include "forward/services/options.hpp"
#include "regpass/async/task.hpp"
#include "regpass/auth/choice.hpp"
#include "regpass/auth/program.hpp"
#include "regpass/base/time.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace regpass::forward {

// The variables that a program gets of ours: where it and its files are, its language, proxies and CAs, and those of
// the clouds and password stores that helpers speak to. None of regpass's own, none that only chance to be there.
std::vector<std::string> program_environment(const std::map<std::string, std::string>& ours);

class credential_client {
 public:
  // `environment`: regpass's own. `gone` is told of generations that are no longer given out. `patience`: how long a
  // program that failed, or whose credential was refused, is left alone.
  credential_client(async::executor home, program_bounds bounds, const std::map<std::string, std::string>& environment,
                    std::function<void(std::uint64_t)> gone,
                    std::chrono::milliseconds patience = std::chrono::seconds{10});
  ~credential_client();

  // From any worker. What the entry's program says, now or lately: an answer is kept for as long as the program says,
  // else 5 minutes, and asked anew behind the caller's back when four fifths of that are over. A program that fails
  // keeps its last good answer in force; one that says that it has none does not.
  async::task<auth::program_answer> ask(const auth::credential_entry& entry, const auth::wanted& need);
  // The credential was not accepted: the program is asked again with the next request.
  async::task<void> refused(auth::credential_ptr credential);

 private:
  struct flight;
  struct question {
    auth::program_ptr program;
    registry::host host;
    std::string repository;
  };
  struct key {
    auth::credential_program program;
    auth::program_says::scope scope = auth::program_says::scope::registry;
    std::string of;  // image, registry, or nothing, as the scope has it
    auto operator<=>(const key&) const = default;
  };
  struct kept {
    auth::program_says says;
    steady_time asked_at;
    steady_time renew_at;
    steady_time until;
    bool failing = false;  // the last run failed, and `says` is of an earlier one
  };

  async::task<auth::program_says> ask_at_home(question what);
  async::task<void> refused_at_home(auth::credential_ptr credential);
  async::task<void> renew(question what);
  async::task<auth::program_says> fetch(question what);
  async::task<auth::program_says> run(const question& what);
  async::task<void> wait_for_turn();
  kept* find(const question& what);
  auth::program_says keep(const question& what, auth::program_says says);
  void make_room();

  async::executor home_;
  program_bounds bounds_;
  std::vector<std::string> environment_;
  std::string search_;  // PATH
  std::function<void(std::uint64_t)> gone_;
  std::chrono::milliseconds patience_;
  std::map<key, kept> kept_;
  std::map<key, std::shared_ptr<flight>> flights_;
  std::size_t running_ = 0;
  boost::asio::steady_timer turn_;
};

// The choice, with every program asked that has a say in it. Without a client (null) programs count as unusable.
async::task<auth::choice> choose_credential(credential_client* programs, const auth::credential_store& store,
                                            auth::wanted need);

}  // namespace regpass::forward
