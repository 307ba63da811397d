#include "forward/session/connection.hpp"

#include "forward/record/id.hpp"
#include "forward/session/unused_entries.hpp"
#include "net/prefixed_stream.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"

namespace regpass::forward {

namespace {

// How long the client may take to read the response, and how much of its input is discarded, before the connection is
// reset.
constexpr auto linger_for = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = 256 * 1024;

}  // namespace

connection::connection(const worker_context& on, std::unique_ptr<net::stream> client, std::string address,
                       std::string_view in_mode)
    : context(on), stream(std::move(client)), peer(std::move(address)), mode(in_mode), timer(on.on, [this] {
        stream->close();
      }) {}

diagnosis::evidence connection::evidence_for(const http::request_head& head, const target* to) const {
  diagnosis::evidence evidence;
  evidence.id = new_id();
  evidence.began_at = now().wall;
  evidence.mode = mode;
  evidence.client = peer;
  evidence.method = clean(head.method, 32);
  evidence.path = masked_url(head.target);
  if (to) evidence.registry = registry::to_text(to->registry);
  if (to) note_entries(evidence, *to, *context.shared.current());
  return evidence;
}

void connection::unread(std::string bytes) {
  stream = net::make_prefixed_stream(std::move(bytes), std::move(stream));
}

async::task<void> connection::linger() {
  timer.set(phase::head, linger_for);
  auto shut = co_await stream->shut_write();
  if (!shut) co_return;
  std::string discarded(16 * 1024, '\0');
  for (std::size_t total = 0; total < linger_bytes;) {
    auto got = co_await stream->read_some(discarded);
    if (!got || *got == 0) co_return;
    total += *got;
  }
}

}  // namespace regpass::forward
