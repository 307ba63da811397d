#include "auth/json_text.hpp"

#include "regpass/base/text_file.hpp"

#include <boost/json/parser.hpp>
#include <openssl/crypto.h>

#include <new>

namespace regpass::auth {
namespace {

namespace json = boost::json;

// Boost.JSON 1.81 gives keys back with another alignment than it asked for, so the alignment is left to operator new,
// whose own is enough for any JSON value.
class wiping_resource final : public json::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t) override { return ::operator new(bytes); }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
    OPENSSL_cleanse(memory, bytes);
    ::operator delete(memory);
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }
};

json::storage_ptr wiped_storage() noexcept {
  static wiping_resource resource;
  return &resource;
}

}  // namespace

std::expected<json::value, json_problem> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = json_depth;
  json::parser parser(wiped_storage(), options);
  parser.reset(wiped_storage());
  boost::system::error_code failed;
  text = without_byte_order_mark(text);
  try {
    const auto at = parser.write(text.data(), text.size(), failed);
    if (failed) return std::unexpected(json_problem{at, failed.message()});
    return parser.release();
  } catch (const boost::system::system_error& thrown) {
    return std::unexpected(json_problem{0, thrown.code().message()});
  }
}

std::string_view string_member(const json::object& object, std::string_view name) noexcept {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

}  // namespace regpass::auth
