// A checkup at work: one worker, the same engine as `serve`, a client of our own.
#pragma once

#include "cli/check/check.hpp"
#include "cli/check/local_exchange.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "regpass/async/worker.hpp"

namespace regpass::cli {

class check_run {
 public:
  check_run(const config::settings& settings, const config::inputs& inputs, forward::snapshot_ptr from,
            check_request asked);

  checkup perform();

 private:
  struct answered {
    http::response_head head;
    std::string content;
  };

  async::task<void> walk();
  void tell(std::string name, std::string text, bool fine = true, std::int64_t ms = -1);
  async::task<void> choose(registry::action action);
  void tell_credential(const auth::choice& chosen, registry::action action);
  void tell_passed_over(std::size_t ping);
  async::task<bool> connect();
  // Sends one request through the engine; a 404 for an image that is not there yet is no refusal. Of the answer's body
  // at most `keep` bytes are kept.
  async::task<answered> request(std::string method, std::string path, std::size_t keep = 0);
  void tell_answer(const std::string& method, const std::string& path);

  // Probes, each with its own verdict (examination_probes.cpp).
  async::task<void> try_upload();
  async::task<void> try_deletion();
  async::task<void> try_mount();
  async::task<std::string> blob_of(const registry::reference& source);
  async::task<std::string> manifest_of(const registry::reference& source);
  async::task<void> cancel(const http::response_head& opened);
  std::string path_of(std::string_view rest) const { return "/v2/" + asked_.what.repository + std::string(rest); }
  // The exchange just made was what was hoped for, whatever its status.
  void forgive();

  forward::snapshot_ptr from_;
  check_request asked_;
  async::worker thread_;
  transport::pool pool_;
  forward::metrics metrics_;
  forward::token_client tokens_;
  forward::registry_hints memory_;
  forward::credential_client programs_;
  forward::history journal_;
  forward::services services_;
  forward::target target_;
  const forward::registry_entry* entry_ = nullptr;
  auth::credential_ptr for_pull_;
  std::string told_realm_;
  std::size_t request_step_ = 0;  // of the last request
  bool works_before_ = true;      // as it was before the last request
  checkup result_;
};

}  // namespace regpass::cli
