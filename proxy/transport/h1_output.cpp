#include "transport/h1_output.hpp"

#include "regpass/http/h1_codec.hpp"

#include <array>
#include <utility>

namespace regpass::transport {

async::task<result<void>> in_time(async::deadline& timer, std::chrono::milliseconds within,
                                  async::task<result<void>> work) {
  timer.set(phase::body, within, async::direction::writing);
  auto written = co_await std::move(work);
  timer.clear(async::direction::writing);
  if (!written) co_return std::unexpected(timer.blame(written.error()));
  co_return written;
}

async::task<result<void>> write_piece(net::stream& to, std::string& pending_head, const http::framing& body,
                                      std::string_view piece) {
  const bool chunked = body.how == http::framing::kind::chunked;
  const std::string prefix = chunked ? http::chunk_prefix(piece.size()) : std::string();
  const std::string_view suffix = chunked ? http::chunk_suffix : std::string_view();
  const std::array<std::string_view, 4> parts(std::to_array<std::string_view>({pending_head, prefix, piece, suffix}));
  auto written = co_await to.write_all(parts);
  pending_head.clear();
  co_return written;
}

async::task<result<void>> write_end(net::stream& to, std::string& pending_head, const http::framing& body,
                                    const http::fields& trailers) {
  const std::string last = body.how == http::framing::kind::chunked ? http::last_chunk(trailers) : std::string();
  if (pending_head.empty() && last.empty()) co_return result<void>();
  const std::array<std::string_view, 2> parts(std::to_array<std::string_view>({pending_head, last}));
  auto written = co_await to.write_all(parts);
  pending_head.clear();
  co_return written;
}

}  // namespace regpass::transport
