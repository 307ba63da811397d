#include "regpass/base/secret.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <concepts>
#include <ostream>
#include <type_traits>
#include <utility>

using regpass::secret;

template <class T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(!streamable<secret>, "a secret must not be printable");
static_assert(!fmt::is_formattable<secret>::value, "a secret must not be formattable");
static_assert(!std::is_convertible_v<secret, std::string> && !std::is_convertible_v<secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, secret>, "text becomes secret by intent only");
static_assert(!std::three_way_comparable<secret>, "ordering takes time that depends on the contents");

TEST_CASE("a secret keeps its value and copies by value") {
  secret a("hunter2");
  const secret b = a;
  a = secret("other");
  CHECK(b.expose() == "hunter2");
  CHECK(a.expose() == "other");
  CHECK(b.size() == 7);
  CHECK(secret{}.empty());
}

TEST_CASE("secrets are equal when their values are") {
  CHECK(secret("a") == secret("a"));
  CHECK_FALSE(secret("a") == secret("b"));
  CHECK_FALSE(secret("a") == secret("ab"));
  CHECK(secret() == secret(""));
}

TEST_CASE("a moved-from secret holds nothing, also in its short-string buffer (T28)") {
  for (const std::string value : {"short", "a value that is too long for the buffer inside of a string"}) {
    secret from(value);
    const char* inside = from.expose().data();
    const bool in_place = value.size() < sizeof(std::string) / 2;
    const secret to(std::move(from));
    CHECK(to.expose() == value);
    CHECK(from.empty());  // NOLINT(bugprone-use-after-move): what is left is the point
    if (in_place) CHECK(std::string_view(inside, value.size()) == std::string(value.size(), '\0'));
  }
}

TEST_CASE("assigning a secret to itself keeps it") {
  secret a("value");
  auto& alias = a;
  a = alias;
  CHECK(a.expose() == "value");
  a = std::move(alias);
  CHECK(a.expose() == "value");
}

TEST_CASE("wipe clears the whole buffer of a string, not just its present length (T28)") {
  std::string text(100, 's');
  const char* buffer = text.data();
  text.resize(3);
  regpass::wipe(text);
  CHECK(text.empty());
  CHECK(text.data() == buffer);
  CHECK(std::string_view(buffer, 100) == std::string(100, '\0'));
}
