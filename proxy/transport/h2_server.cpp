#include "regpass/async/task_group.hpp"
#include "regpass/http/hop.hpp"
#include "transport/h2_connection.hpp"
#include "transport/h2_core.hpp"

#include <utility>

namespace regpass::transport {

namespace {

bool bodiless(std::string_view method, int status) {
  return method == "HEAD" || status == 204 || status == 304 || (status >= 100 && status < 200);
}

error ended_early() {
  return error(errc::cancelled, party::us, phase::body, "the exchange ended early", 0, false);
}

class h2_downstream final : public downstream {
 public:
  h2_downstream(std::shared_ptr<h2_core> core, flow_ptr flow, http::request_head head)
      : core_(std::move(core)), flow_(std::move(flow)), head_(std::move(head)) {
    const auto expects = http::expects_continue(head_);
    continue_due_ = expects && *expects && flow_->body.has_body();
  }

  ~h2_downstream() override {
    flow_->on_failure = nullptr;
    if (!flow_->finished) core_->reset(*flow_, http::h2_code::internal_error, ended_early());
    core_->codec().consumed(flow_->id, flow_->reading.size() + std::exchange(flow_->waiting, {}).size());
    if (!flow_->failed) flow_->failed = ended_early();  // discard what still arrives
    core_->wake();
  }

  const http::request_head& head() const noexcept override { return head_; }
  http::framing body() const noexcept override { return flow_->body; }
  const http::fields& trailers() const noexcept override { return flow_->trailers; }
  bool responded() const noexcept override { return responded_; }
  bool delivered() const noexcept override {
    const bool all_written = out_.how == http::framing::kind::counted && out_.length > 0 && written_ == out_.length;
    return flow_->finished || (responded_ && all_written);
  }
  bool awaits_continue() const noexcept override { return continue_due_ && !responded_; }
  std::string_view version() const noexcept override { return "2"; }

  async::task<result<std::string_view>> read() override {
    if (continue_due_ && !responded_) {
      continue_due_ = false;
      http::response_head invitation;
      invitation.status = 100;
      core_->codec().inform(flow_->id, invitation);
      core_->wake();
    }
    auto piece = co_await core_->read(flow_);
    co_return piece;
  }

  async::task<result<void>> inform(http::response_head interim) override {
    core_->codec().inform(flow_->id, interim);
    core_->wake();
    co_return result<void>();
  }

  async::task<result<void>> respond(http::response_head head, http::framing body) override {
    if (flow_->failed) co_return std::unexpected(core_->blame(*flow_, *flow_->failed, phase::head));
    if (bodiless(head_.method, head.status)) {
      body = http::framing();
    } else if (body.how == http::framing::kind::none) {
      body.how = http::framing::kind::counted;
    }
    out_ = body;
    responded_ = true;
    core_->codec().respond(flow_->id, head, body);
    core_->wake();
    co_return result<void>();
  }

  async::task<result<void>> write(std::string_view piece) override {
    if (!out_.has_body()) co_return result<void>();
    auto written = co_await core_->write(flow_, piece);
    if (written) written_ += piece.size();
    co_return written;
  }

  async::task<result<void>> finish(http::fields trailers) override {
    auto written = co_await core_->finish(flow_, std::move(trailers));
    // curl and others reset a stream with the last byte that Content-Length announced, before END_STREAM.
    if (delivered()) co_return result<void>();
    co_return written;
  }

  async::task<result<void>> write_last(std::string_view piece, http::fields trailers) override {
    const bool lent = out_.has_body() && !flow_->failed;
    if (lent) core_->lend(*flow_, piece);
    auto written = co_await core_->finish(flow_, std::move(trailers));
    if (lent && flow_->taken) written_ += piece.size();
    if (delivered()) co_return result<void>();
    co_return written;
  }

  void abort() noexcept override {
    flow_->on_failure = nullptr;
    core_->reset(*flow_, http::h2_code::internal_error, ended_early());
  }
  void on_disconnect(std::function<void()> callback) override {
    const bool failed_already = flow_->failed && callback;
    if (failed_already) return callback();
    flow_->on_failure = std::move(callback);
  }

 private:
  std::shared_ptr<h2_core> core_;
  flow_ptr flow_;
  http::request_head head_;
  bool continue_due_ = false;
  bool responded_ = false;
  http::framing out_;
  std::uint64_t written_ = 0;  // of the answer's body
};

}  // namespace

h2_server::h2_server(net::stream& client, const limits& bounds)
    : core_(std::make_shared<h2_core>(client, http::h2_role::server, party::client, bounds)),
      on_(client.get_executor()) {}
h2_server::~h2_server() = default;

async::task<error> h2_server::run(handler serve) {
  async::task_group exchanges(on_);
  async::task_group pumps(on_);
  core_->on_request = [&](http::h2_request request) {
    auto flow = core_->add_flow(request.stream);
    flow->body = request.body;
    // A stream that its client has reset may still be winding down here.
    const bool crowded = exchanges.running() >= 2 * std::size_t{core_->bounds().h2.streams};
    if (crowded) {
      core_->reset(*flow, http::h2_code::refused_stream, ended_early());
      return;
    }
    auto exchange = std::make_unique<h2_downstream>(core_, std::move(flow), std::move(request.head));
    exchanges.spawn(serve_exchange(serve, std::move(exchange)), "HTTP/2 exchange");
  };
  pumps.spawn(core_->pump_out(), "HTTP/2 writer");
  co_await core_->pump_in();
  core_->wake();
  co_await exchanges.join();
  co_await pumps.join();
  core_->on_request = nullptr;
  co_return *core_->over();
}

async::task<void> h2_server::serve_exchange(handler serve, std::unique_ptr<downstream> exchange) {
  co_await serve(*exchange);
}

}  // namespace regpass::transport
