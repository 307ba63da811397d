#include "tls/client_hello.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace regpass::tls {

namespace {

using kind = first_bytes::kind;

constexpr std::size_t record_header = 5;
constexpr std::size_t message_header = 4;
constexpr std::size_t most_in_record = 16 * 1024;
constexpr char handshake_record = 22;
constexpr char client_hello_message = 1;
constexpr std::size_t extension_server_name = 0;
constexpr std::size_t extension_alpn = 16;
constexpr std::size_t extension_encrypted_client_hello = 0xfe0d;
constexpr std::size_t host_name_type = 0;

std::size_t number(std::string_view bytes) {
  std::size_t made = 0;
  for (const char byte : bytes) made = made << 8U | static_cast<unsigned char>(byte);
  return made;
}

// Reads from the front of a structure. After the first missing element everything is missing.
class reader {
 public:
  explicit reader(std::string_view bytes) : left_(bytes) {}

  std::string_view bytes(std::size_t count) {
    if (count > left_.size()) {
      good_ = false;
      left_ = {};
      return {};
    }
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::size_t integer(std::size_t width) { return number(bytes(width)); }
  // A vector with its length before it, in `width` bytes.
  std::string_view vector(std::size_t width) {
    const auto size = integer(width);
    return bytes(size);
  }
  bool good() const { return good_; }
  bool more() const { return good_ && !left_.empty(); }
  bool done() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

// One name of type host_name: other types were never defined, and OpenSSL refuses them too.
bool read_server_name(std::string_view body, client_hello& into) {
  reader whole(body);
  reader list(whole.vector(2));
  const auto type = list.integer(1);
  const auto name = list.vector(2);
  if (!list.done() || !whole.done() || type != host_name_type || name.empty()) return false;
  into.server_name = name;
  return true;
}

bool read_alpn(std::string_view body, client_hello& into) {
  reader whole(body);
  reader list(whole.vector(2));
  while (list.more()) {
    const auto protocol = list.vector(1);
    if (protocol.empty()) return false;
    into.alpn.emplace_back(protocol);
  }
  return list.done() && whole.done() && !into.alpn.empty();
}

bool read_extensions(std::string_view body, client_hello& into) {
  reader extensions(body);
  bool named = false;
  bool negotiated = false;
  while (extensions.more()) {
    const auto type = extensions.integer(2);
    const auto content = extensions.vector(2);
    if (!extensions.good()) return false;
    if (type == extension_encrypted_client_hello) into.encrypted = true;
    // A repeated extension is forbidden, and it would be unclear which one counts.
    if (type == extension_server_name && (std::exchange(named, true) || !read_server_name(content, into))) return false;
    if (type == extension_alpn && (std::exchange(negotiated, true) || !read_alpn(content, into))) return false;
  }
  return extensions.done();
}

std::optional<client_hello> read_hello(std::string_view message) {
  reader body(message);
  body.bytes(2 + 32);  // legacy_version, random
  body.vector(1);      // legacy_session_id
  body.vector(2);      // cipher_suites
  body.vector(1);      // legacy_compression_methods
  client_hello made;
  if (body.done()) return made;  // TLS 1.2 without extensions
  const auto extensions = body.vector(2);
  if (!body.done() || !read_extensions(extensions, made)) return std::nullopt;
  return made;
}

// Walks over the records that hold the beginning of the handshake, as far as they are there.
class fragments {
 public:
  explicit fragments(std::string_view bytes) : left_(bytes) {}

  // The next record's content, or the beginning of it. Nothing: no more bytes, or no handshake record.
  std::optional<std::string_view> next() {
    if (left_.empty() || !begins_record()) return std::nullopt;
    if (left_.size() <= record_header) return std::nullopt;
    const auto size = number(left_.substr(3, 2));
    const auto content = left_.substr(record_header, size);
    left_.remove_prefix(std::min(left_.size(), record_header + size));
    return content;
  }
  bool foreign() const { return foreign_; }

 private:
  // Checked as far as it has arrived, so that other protocols are recognised at their first byte.
  bool begins_record() {
    const auto size = left_.size() < record_header ? 0 : number(left_.substr(3, 2));
    foreign_ = left_[0] != handshake_record || (left_.size() > 1 && left_[1] != 3) ||
               (left_.size() >= record_header && (size == 0 || size > most_in_record));
    return !foreign_;
  }

  std::string_view left_;
  bool foreign_ = false;
};

first_bytes judged(kind what) {
  return first_bytes{what, {}};
}

}  // namespace

first_bytes peek_client_hello(std::string_view bytes) {
  std::string message;  // header and body, gathered out of the records
  std::optional<std::size_t> size;
  fragments records(bytes.substr(0, most_first_bytes));
  while (const auto content = records.next()) {
    message += *content;
    if (message.empty()) continue;
    if (message[0] != client_hello_message) return judged(kind::not_tls);
    if (message.size() < message_header) continue;
    size = message_header + number(std::string_view(message).substr(1, 3));
    if (*size > most_hello) return judged(kind::too_large);
    if (message.size() < *size) continue;
    auto hello = read_hello(std::string_view(message).substr(message_header, *size - message_header));
    if (!hello) return judged(kind::not_tls);
    return first_bytes{kind::hello, std::move(*hello)};
  }
  if (records.foreign()) return judged(kind::not_tls);
  return judged(bytes.size() >= most_first_bytes ? kind::too_large : kind::need_more);
}

}  // namespace regpass::tls
