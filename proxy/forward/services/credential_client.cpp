#include "forward/services/credential_client.hpp"

#include "platform/child_program.hpp"
#include "regpass/auth/remarks.hpp"
#include "regpass/base/log.hpp"
#include "regpass/diagnosis/warnings.hpp"
#include "regpass/forward/report.hpp"

#include <algorithm>
#include <exception>
#include <optional>

namespace regpass::forward {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto usual_life = minutes{5};      // docker's protocol has none
constexpr auto remember_none = seconds{30};  // "has none" may change when somebody logs in
constexpr std::size_t most_kept = 1024;
constexpr std::size_t most_running = 4;

bool same(const auth::credential& a, const auth::credential& b) noexcept {
  return a.kind == b.kind && a.username == b.username && a.value == b.value;
}

// `good`: what the program said before, which its complaints may quote; null: nothing.
void log_failure(const auth::credential_program& program, const std::string& asked_for, const auth::program_says& says,
                 const auth::credential* good) {
  boost::json::object more{{"source", auth::name_of(program)}, {"key", asked_for}, {"kept_old", good != nullptr}};
  secret_mask mask;
  if (good != nullptr) add_to(mask, *good);
  if (!says.printed.empty()) more["printed"] = mask.apply(says.printed);
  log::write(log::level::error, "credentials-rejected",
             says.problem + (good != nullptr ? "; its last good answer stays in force" : "; nothing is known from it"),
             more);
}

void log_credential(const auth::credential& one, const registry::host& host) {
  boost::json::object entry{{"registry", registry::to_text(host)},
                            {"source", one.source},
                            {"key", one.key},
                            {"kind", auth::name_of(one.kind)},
                            {"username", one.username}};
  log::write(log::level::info, "credentials-loaded", one.source + " gave a credential for " + registry::to_text(host),
             {{"entries", boost::json::array{std::move(entry)}}});
}

// When it ends, as far as it says. What lives for an hour by its nature is the program's business.
std::string remark_on(const auth::credential& one, const registry::host& host) {
  for (auto& remark : auth::remarks_on(one, host)) {
    if (remark.find(" expires at ") != std::string::npos) return std::move(remark);
  }
  return {};
}

// As of an entry in a file: before anything fails, in the words in which it would be explained.
void warn_of(const auth::credential_ptr& one, const registry::host& host, const std::string& remark) {
  auth::credential_store store;
  store.entries.push_back({host, one, one->source, one->key, remark});
  report_warnings(diagnosis::warnings(store, {}, false, now().wall));
}

std::string of_scope(auth::program_says::scope scope, const registry::host& host, const std::string& repository) {
  using enum auth::program_says::scope;
  if (scope == global) return {};
  return auth::image_of(host, scope == image ? repository : std::string());
}

}  // namespace

struct credential_client::flight {
  explicit flight(const async::executor& on) : landed(on, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer landed;
  std::optional<auth::program_says> says;
};

credential_client::credential_client(async::executor home, program_bounds bounds,
                                     const std::map<std::string, std::string>& environment,
                                     std::function<void(std::uint64_t)> gone, milliseconds patience)
    : home_(std::move(home)),
      bounds_(bounds),
      environment_(program_environment(environment)),
      gone_(std::move(gone)),
      patience_(patience),
      turn_(home_, boost::asio::steady_timer::time_point::max()) {
  const auto path = environment.find("PATH");
  if (path != environment.end()) search_ = path->second;
}

credential_client::~credential_client() = default;

async::task<auth::program_answer> credential_client::ask(const auth::credential_entry& entry,
                                                         const auth::wanted& need) {
  auto work = ask_at_home(question{entry.program, need.host, need.repository});
  auto says = co_await async::run_on(home_, std::move(work));
  co_return auth::program_answer{&entry, says.credential, says.credential ? says.remark : says.problem};
}

async::task<void> credential_client::refused(auth::credential_ptr credential) {
  auto work = refused_at_home(std::move(credential));
  co_await async::run_on(home_, std::move(work));
}

async::task<void> credential_client::refused_at_home(auth::credential_ptr credential) {
  const auto at = now().steady;
  for (auto& [name, one] : kept_) {
    if (one.says.credential == credential && at >= one.asked_at + patience_) one.until = at;
  }
  co_return;
}

credential_client::kept* credential_client::find(const question& what) {
  using enum auth::program_says::scope;
  for (const auto scope : {image, registry, global}) {
    const auto found = kept_.find(key{*what.program, scope, of_scope(scope, what.host, what.repository)});
    if (found != kept_.end()) return &found->second;
  }
  return nullptr;
}

async::task<auth::program_says> credential_client::ask_at_home(question what) {
  const auto at = now().steady;
  auto* known = find(what);
  if (known == nullptr || (at >= known->until && !known->failing)) {
    auto says = co_await fetch(std::move(what));
    co_return says;
  }
  auto says = known->says;
  if (at >= known->renew_at) {
    known->renew_at = at + bounds_.within;
    async::spawn(home_, renew(std::move(what)), "asking a program again");
  }
  co_return says;
}

async::task<void> credential_client::renew(question what) {
  co_await fetch(std::move(what));
}

// One run for all who ask the same.
async::task<auth::program_says> credential_client::fetch(question what) {
  const bool by_image = what.program->speaks == auth::credential_program::protocol::kubelet_provider;
  using enum auth::program_says::scope;
  const auto scope = by_image ? image : registry;
  const key name{*what.program, scope, of_scope(scope, what.host, what.repository)};
  const auto under_way = flights_.find(name);
  if (under_way != flights_.end()) {
    const auto shared = under_way->second;
    while (!shared->says) co_await shared->landed.async_wait(async::use_task);
    co_return *shared->says;
  }
  const auto mine = std::make_shared<flight>(home_);
  flights_.emplace(name, mine);
  co_await wait_for_turn();
  auto fresh = co_await run(what);
  --running_;
  turn_.cancel_one();
  mine->says = keep(what, std::move(fresh));
  flights_.erase(name);
  mine->landed.cancel();
  co_return *mine->says;
}

async::task<void> credential_client::wait_for_turn() {
  while (running_ >= most_running) co_await turn_.async_wait(async::use_task);
  ++running_;
}

async::task<auth::program_says> credential_client::run(const question& what) {
  const auto name = auth::name_of(*what.program);
  auth::program_says failed;
  const auto file = platform::find_program(what.program->command.front(), search_);
  if (!file) {
    failed.problem = name + " " + file.error().detail;
    co_return failed;
  }
  auto asked = auth::question_for(*what.program, what.host, what.repository);
  platform::program_call call;
  call.command = what.program->command;
  call.command.front() = file->string();
  call.command.insert(call.command.end(), asked.arguments.begin(), asked.arguments.end());
  call.environment = environment_;
  call.input = std::move(asked.input);
  call.within = bounds_.within;
  call.most_output = bounds_.output_bytes;
  auto ended = co_await platform::run_program(std::move(call));
  if (!ended) {
    failed.problem = name + " " + ended.error().detail;
    co_return failed;
  }
  auth::program_output got;
  got.status = ended->status;
  got.output = std::move(ended->output);
  got.errors = std::move(ended->errors);
  co_return auth::read_answer(*what.program, what.host, what.repository, got);
}

auth::program_says credential_client::keep(const question& what, auth::program_says says) {
  const auto at = now().steady;
  auto* known = find(what);
  if (!says.problem.empty()) {
    const bool kept_old = known != nullptr && known->says.credential;
    const auto asked = auth::question_for(*what.program, what.host, what.repository).asked_for;
    log_failure(*what.program, asked, says, kept_old ? known->says.credential.get() : nullptr);
    if (kept_old) {
      known->failing = true;
      known->renew_at = at + patience_;
      return known->says;
    }
  }
  if (says.credential) says.remark = remark_on(*says.credential, what.host);
  const auto before = known == nullptr ? nullptr : known->says.credential;
  if (before && says.credential && same(*before, *says.credential)) {
    says.credential = before;
  } else {
    if (before) gone_(before->generation);
    if (says.credential) {
      log_credential(*says.credential, what.host);
      warn_of(says.credential, what.host, says.remark);
    }
  }
  const milliseconds life = !says.problem.empty() ? patience_
                            : !says.credential    ? remember_none
                                                  : says.life.value_or(usual_life);
  make_room();
  kept made{says, at, at + life * 4 / 5, at + life};
  const auto of = of_scope(says.valid_for, what.host, what.repository);
  kept_.insert_or_assign(key{*what.program, says.valid_for, of}, std::move(made));
  return says;
}

void credential_client::make_room() {
  if (kept_.size() < most_kept) return;
  const auto oldest = std::ranges::min_element(kept_, {}, [](const auto& one) { return one.second.until; });
  kept_.erase(oldest);
}

async::task<auth::choice> choose_credential(credential_client* programs, const auth::credential_store& store,
                                            auth::wanted need) {
  std::vector<auth::program_answer> answers;
  auto made = auth::choose(store, need);
  while (made.ask != nullptr) {
    auth::program_answer said{made.ask, nullptr, "programs are not asked here"};
    if (programs != nullptr) said = co_await programs->ask(*made.ask, need);
    answers.push_back(std::move(said));
    made = auth::choose(store, need, answers);
  }
  co_return made;
}

}  // namespace regpass::forward
