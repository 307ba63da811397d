#include "transport/h2_connection.hpp"
#include "transport/h2_core.hpp"

#include <algorithm>
#include <utility>

namespace regpass::transport {

namespace {

error ended_early() {
  return error(errc::cancelled, party::us, phase::body, "the exchange ended early", 0, false);
}

class h2_exchange final : public h2_upstream {
 public:
  explicit h2_exchange(std::shared_ptr<h2_core> core) : core_(std::move(core)) { ++core_->leases; }

  ~h2_exchange() override {
    --core_->leases;
    if (!flow_) return;
    if (!complete()) core_->reset(*flow_, http::h2_code::cancel, ended_early());
    core_->codec().consumed(flow_->id, flow_->reading.size() + std::exchange(flow_->waiting, {}).size());
    if (!flow_->failed) flow_->failed = ended_early();
    core_->wake();
  }

  bool unprocessed() const noexcept override { return !flow_ || flow_->unprocessed; }
  bool complete() const noexcept override { return flow_ && flow_->ended && flow_->finished; }
  http::framing body() const noexcept override { return flow_ ? flow_->body : http::framing(); }
  const http::fields& trailers() const noexcept override {
    static const http::fields none;
    return flow_ ? flow_->trailers : none;
  }
  std::string_view version() const noexcept override { return "2"; }

  async::task<result<void>> send(const http::request_head& head, http::framing body) override {
    if (core_->over()) co_return std::unexpected(core_->closed_error());
    auto id = core_->codec().request(head, body);
    if (!id) co_return std::unexpected(core_->closed_error());
    flow_ = core_->add_flow(*id);
    with_body_ = body.has_body();
    if (!with_body_) await_response();
    core_->wake();
    co_return result<void>();
  }

  async::task<result<void>> write(std::string_view piece) override {
    if (!flow_) co_return std::unexpected(core_->closed_error());
    auto written = co_await core_->write(flow_, piece);
    co_return written;
  }

  async::task<result<void>> finish(http::fields trailers) override {
    if (!flow_) co_return std::unexpected(core_->closed_error());
    if (!with_body_) co_return result<void>();
    auto written = co_await core_->finish(flow_, std::move(trailers));
    if (written) await_response();
    co_return written;
  }

  async::task<result<http::response_head>> head() override {
    if (!flow_) co_return std::unexpected(core_->closed_error());
    auto head = co_await core_->next_head(flow_);
    if (!head) co_return head;
    if (http::is_interim(*head)) {
      if (head->status == 101 || ++interims_ > core_->bounds().interim_responses) {
        abort();
        co_return std::unexpected(
            error(errc::bad_message, core_->peer(), phase::head, "too many or unexpected interim responses", 0, true));
      }
      if (sent_all()) await_response();
      co_return head;
    }
    have_response_ = true;
    if (head->status != 426) co_return head;
    // RFC 9110 section 15.5.22: the request was refused for its version alone.
    flow_->unprocessed = true;
    if (core_->on_downgrade) core_->on_downgrade();
    co_return std::unexpected(error(errc::closed, core_->peer(), phase::head, "it requires HTTP/1.1", 0, false));
  }

  async::task<result<std::string_view>> read() override {
    if (!flow_) co_return std::unexpected(core_->closed_error());
    auto piece = co_await core_->read(flow_);
    co_return piece;
  }

  bool at_body_end() const noexcept override { return flow_ && flow_->ended && flow_->waiting.empty(); }

  void abort() noexcept override {
    if (flow_) core_->reset(*flow_, http::h2_code::cancel, ended_early());
  }

 private:
  bool sent_all() const noexcept { return !with_body_ || flow_->finished; }
  // From here on the registry must answer. While the body is still being sent, its writer sets the limit.
  void await_response() {
    if (!have_response_ && flow_->heads.empty()) core_->set_limit(*flow_, phase::head, core_->bounds().response_within);
  }

  std::shared_ptr<h2_core> core_;
  flow_ptr flow_;  // null until `send`, and if it came too late for this connection
  bool with_body_ = false;
  bool have_response_ = false;
  std::size_t interims_ = 0;
};

}  // namespace

h2_client::h2_client(std::unique_ptr<net::stream> wire, party peer, const limits& bounds)
    : wire_(std::move(wire)),
      core_(std::make_shared<h2_core>(*wire_, http::h2_role::client, peer, bounds)),
      open_(upstream_connections().open) {}
h2_client::~h2_client() = default;

std::shared_ptr<h2_client> h2_client::start(std::unique_ptr<net::stream> wire, party peer, const limits& bounds) {
  const auto on = wire->get_executor();
  std::shared_ptr<h2_client> client(new h2_client(std::move(wire), peer, bounds));
  async::spawn(on, pump_in(client), "HTTP/2 reader");
  async::spawn(on, pump_out(client), "HTTP/2 writer");
  return client;
}

async::task<void> h2_client::pump_in(std::shared_ptr<h2_client> self) {
  co_await self->core_->pump_in();
}

async::task<void> h2_client::pump_out(std::shared_ptr<h2_client> self) {
  co_await self->core_->pump_out();
}

bool h2_client::usable() const noexcept {
  const auto most = std::min<std::size_t>(core_->codec().most_streams(), core_->bounds().h2.streams);
  return accepting() && core_->leases < most;
}

bool h2_client::accepting() const noexcept {
  return core_->open();
}

std::unique_ptr<h2_upstream> h2_client::open() {
  return std::make_unique<h2_exchange>(core_);
}

void h2_client::retire() {
  core_->leave();
}

void h2_client::on_downgrade(std::function<void()> callback) {
  core_->on_downgrade = std::move(callback);
}

}  // namespace regpass::transport
