#include "http_wire.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <variant>

namespace regpass::testing {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t sample = 64 * 1024;
constexpr std::string_view head_end = "\r\n\r\n";

class digest {
 public:
  digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), value.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += digits[value[i] >> 4U];
      text += digits[value[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

template <class Parser>
void copy_fields(const Parser& parser, message& into) {
  for (const auto& one : parser.get().base()) {
    into.fields.emplace_back(std::string(one.name_string()), std::string(one.value()));
  }
}

}  // namespace

std::vector<std::string> message::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : fields) {
    if (boost::beast::iequals(key, name)) found.push_back(value);
  }
  return found;
}

std::optional<std::string> message::field(std::string_view name) const {
  const auto values = all(name);
  if (values.empty()) return std::nullopt;
  std::string text = values.front();
  for (std::size_t i = 1; i < values.size(); ++i) text += ", " + values[i];
  return text;
}

struct message_reader::parsing {
  std::variant<http::request_parser<http::buffer_body>, http::response_parser<http::buffer_body>> parser;

  std::size_t put(std::string_view bytes, boost::system::error_code& ec) {
    return std::visit([&](auto& one) { return one.put(boost::asio::buffer(bytes.data(), bytes.size()), ec); }, parser);
  }
  bool head_done() const {
    return std::visit([](const auto& one) { return one.is_header_done(); }, parser);
  }
  bool done() const {
    return std::visit([](const auto& one) { return one.is_done(); }, parser);
  }
  void into(char* data, std::size_t size) {
    std::visit(
        [&](auto& one) {
          one.get().body().data = data;
          one.get().body().size = size;
          one.get().body().more = true;
        },
        parser);
  }
  std::size_t room_left() const {
    return std::visit([](const auto& one) { return one.get().body().size; }, parser);
  }
};

message_reader::message_reader(wire& from, kind what) : from_(from), what_(what) {}
message_reader::~message_reader() = default;

bool message_reader::more() {
  const auto bytes = from_.read();
  pending_ += bytes;
  return !bytes.empty();
}

bool message_reader::read_head(message& into, std::string_view answers) {
  into = message();
  while (pending_.find(head_end) == std::string::npos) {
    if (!more()) return false;
  }
  into.head = pending_.substr(0, pending_.find(head_end) + head_end.size());
  pending_.erase(0, into.head.size());

  parsing_ = std::make_unique<parsing>();
  if (what_ == kind::response) parsing_->parser.emplace<1>();
  std::visit(
      [](auto& one) {
        one.body_limit(boost::none);
        one.header_limit(1024 * 1024);
      },
      parsing_->parser);
  if (auto* response = std::get_if<1>(&parsing_->parser)) {
    response->skip(answers == "HEAD" || answers == "CONNECT");
  }
  boost::system::error_code ec;
  parsing_->put(into.head, ec);
  if (!parsing_->head_done()) return false;
  if (const auto* request = std::get_if<0>(&parsing_->parser)) {
    into.method = std::string(request->get().method_string());
    into.target = std::string(request->get().target());
    copy_fields(*request, into);
  } else {
    const auto& response = std::get<1>(parsing_->parser);
    into.status = static_cast<int>(response.get().result_int());
    into.reason = std::string(response.get().reason());
    copy_fields(response, into);
  }
  return true;
}

bool message_reader::read_body(message& into) {
  digest sum;
  std::array<char, 64 * 1024> piece;
  while (!parsing_->done()) {
    parsing_->into(piece.data(), piece.size());
    boost::system::error_code ec;
    const auto used = parsing_->put(pending_, ec);
    pending_.erase(0, used);
    const std::string_view got(piece.data(), piece.size() - parsing_->room_left());
    into.body_size += got.size();
    if (into.body.size() < sample) into.body += got.substr(0, sample - into.body.size());
    sum.add(got);
    const bool waits = !ec || ec == http::error::need_more;
    if (parsing_->done() || (waits && used > 0 && !pending_.empty()) || ec == http::error::need_buffer) continue;
    if (!waits) break;
    if (more()) continue;
    std::visit([&](auto& one) { one.put_eof(ec); }, parsing_->parser);
    if (ec || from_.cut()) break;
  }
  into.complete = parsing_->done() && !from_.cut();
  into.sha256 = sum.hex();
  return into.complete;
}

std::string sha256_of(std::string_view bytes) {
  digest sum;
  sum.add(bytes);
  return sum.hex();
}

std::string pattern(std::uint64_t from, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const auto at = from + i;
    bytes[i] = static_cast<char>((at ^ (at >> 8U) * 31 ^ (at >> 16U) * 131) & 0xFFU);
  }
  return bytes;
}

std::string sha256_of_pattern(std::uint64_t size) {
  constexpr std::size_t turn = 64 * 1024;
  digest sum;
  for (std::uint64_t at = 0; at < size; at += turn) {
    sum.add(pattern(at, static_cast<std::size_t>(std::min<std::uint64_t>(turn, size - at))));
  }
  return sum.hex();
}

}  // namespace regpass::testing
