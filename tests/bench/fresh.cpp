// A new connection for each request, with a full handshake or resuming the previous TLS session.
#include "ends.hpp"
#include "link.hpp"
#include "work.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<Session*>(SSL_get_app_data(ssl))->reset(session);
  return 1;
}

/// One thread's connections, one after another.
class Visits {
 public:
  Visits(const Options& options, Result& result, std::atomic<std::int64_t>& left)
      : way_(options),
        context_(way_.context()),
        work_(options),
        resume_(options.number("resume", 0) != 0),
        result_(result),
        left_(left) {
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), &keep_session);
  }

  void run() {
    visit();  // obtains a session to resume and makes the proxy issue its certificate
    last_ = {};
    while (left_.fetch_sub(1) > 0) visit();
    const std::lock_guard lock(mutex);
    result_.requests += last_.requests;
    result_.resumed += last_.resumed;
    result_.cipher = last_.cipher;
    result_.latencies.insert(result_.latencies.end(), last_.latencies.begin(), last_.latencies.end());
  }

  static std::mutex mutex;

 private:
  void visit() {
    Job job;
    const auto began = Clock::now();
    const auto link = make_link(way_, context_.get(), resume_ ? session_.get() : nullptr);
    SSL* ssl = link->secure().tls();
    SSL_set_app_data(ssl, &session_);
    const Answer answer = ask(*link, *work_.begin(job));
    if (answer.status != 200) fail("unexpected status " + std::to_string(answer.status));
    last_.note(answer);
    last_.resumed += static_cast<std::uint64_t>(SSL_session_reused(ssl));
    last_.cipher = SSL_get_cipher_name(ssl);
    last_.latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
    SSL_shutdown(ssl);
    link->secure().flush();
  }

  Way way_;
  Context context_;
  Work work_;
  bool resume_;
  Session session_{nullptr, &SSL_SESSION_free};
  Result last_;
  Result& result_;
  std::atomic<std::int64_t>& left_;
};

std::mutex Visits::mutex;

}  // namespace

void fresh(const Options& options) {
  constexpr int threads = 8;
  Result result;
  std::atomic<std::int64_t> left(static_cast<std::int64_t>(options.number("requests", 1)));
  std::string failure;
  const auto start = Clock::now();
  {
    std::vector<std::jthread> crowd;
    for (int i = 0; i < threads; ++i)
      crowd.emplace_back([&] {
        try {
          Visits(options, result, left).run();
        } catch (const std::exception& error) {
          const std::lock_guard lock(Visits::mutex);
          failure = error.what();
        }
      });
  }
  if (!failure.empty()) fail(failure);
  result.print(std::chrono::duration<double>(Clock::now() - start).count());
}

}  // namespace bench
