#include "regpass/exchange/h2_connection.hpp"
#include "regpass/http/h2_codec.hpp"
#include "regpass/net/prefixed_stream.hpp"

#include <string>
#include <utility>

namespace regpass::exchange {

net::task<result<detected>> detect_h2(std::unique_ptr<net::stream> client) {
  std::string seen(http::h2_preface.size(), '\0');
  std::size_t size = 0;
  while (size < seen.size() && http::h2_preface.starts_with(std::string_view(seen.data(), size))) {
    auto got = co_await client->read_some(std::span<char>(seen.data() + size, seen.size() - size));
    if (!got) co_return std::unexpected(got.error());
    if (*got == 0) break;
    size += *got;
  }
  seen.resize(size);
  detected made;
  made.http2 = seen == http::h2_preface;
  made.client = net::make_prefixed_stream(std::move(seen), std::move(client));
  co_return made;
}

}  // namespace regpass::exchange
