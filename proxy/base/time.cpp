#include "regpass/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

namespace regpass {
namespace {

using namespace std::chrono;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Parses text from the left; after the first mismatch everything fails.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t width) {
    if (!ok_ || rest_.size() < width || !std::ranges::all_of(rest_.substr(0, width), is_digit)) return miss();
    int value = 0;
    const char* begin = rest_.data();
    std::from_chars(begin, begin + width, value);
    rest_.remove_prefix(width);
    return value;
  }

  // The index of the one of `words` that comes next.
  int word(std::span<const std::string_view> words) {
    const auto at = std::ranges::find_if(words, [&](std::string_view w) { return rest_.starts_with(w); });
    if (!ok_ || at == words.end()) return miss();
    rest_.remove_prefix(at->size());
    return static_cast<int>(at - words.begin());
  }

  void literal(std::string_view expected) {
    const std::array single{expected};
    word(single);
  }

  bool skip(char c) {
    const bool here = ok_ && rest_.starts_with(c);
    if (here) rest_.remove_prefix(1);
    return here;
  }

  std::string_view run_of_digits() {
    const auto end = std::ranges::find_if_not(rest_, is_digit);
    const auto run = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(run.size());
    if (run.empty()) miss();
    return run;
  }

  bool done() const { return ok_ && rest_.empty(); }

 private:
  int miss() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

struct civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// The clock counts nanoseconds in 64 bits; token servers do send year 1 (Go's zero time), which does not fit.
std::optional<sys_seconds> to_seconds(const civil& c) {
  const year_month_day date{year{c.year}, month{static_cast<unsigned>(c.month)}, day{static_cast<unsigned>(c.day)}};
  if (!date.ok() || c.year < 1678 || c.year > 2261) return std::nullopt;
  if (c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;  // 60: a leap second
  return sys_days{date} + hours{c.hour} + minutes{c.minute} + seconds{c.second};
}

nanoseconds fraction(std::string_view digits) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return nanoseconds{value};
}

constexpr std::array<std::pair<std::string_view, milliseconds>, 5> units{{
    {"d", days{1}},
    {"h", hours{1}},
    {"m", minutes{1}},
    {"s", seconds{1}},
    {"ms", milliseconds{1}},
}};

void put_digits(std::string& out, std::size_t at, std::size_t width, std::int64_t value) {
  for (std::size_t i = at + width; i-- > at; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

constexpr milliseconds longest = days{36500};  // far from where a timer's nanoseconds overflow

}  // namespace

instant now() noexcept {
  return {steady_clock::now(), system_clock::now()};
}

std::string rfc3339(wall_time at) {
  const auto ms = floor<milliseconds>(at);
  const auto midnight = floor<days>(ms);
  const year_month_day date{midnight};
  const hh_mm_ss clock{ms - midnight};
  std::string out = "0000-00-00T00:00:00.000Z";
  put_digits(out, 0, 4, static_cast<int>(date.year()));  // 64 bits of nanoseconds reach from 1677 to 2262
  put_digits(out, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(out, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(out, 11, 2, clock.hours().count());
  put_digits(out, 14, 2, clock.minutes().count());
  put_digits(out, 17, 2, clock.seconds().count());
  put_digits(out, 20, 3, clock.subseconds().count());
  return out;
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  static constexpr std::array<std::string_view, 2> t{"T", "t"}, minus_plus{"-", "+"};
  scanner in(text);
  civil c;
  c.year = in.digits(4), in.literal("-"), c.month = in.digits(2), in.literal("-"), c.day = in.digits(2), in.word(t);
  c.hour = in.digits(2), in.literal(":"), c.minute = in.digits(2), in.literal(":"), c.second = in.digits(2);
  const auto part = in.skip('.') ? fraction(in.run_of_digits()) : nanoseconds{0};
  minutes offset{0};
  if (!in.skip('Z') && !in.skip('z')) {
    const int sign = in.word(minus_plus) == 0 ? -1 : 1;
    const int hour = in.digits(2);
    in.literal(":");
    const int minute = in.digits(2);
    if (hour > 23 || minute > 59) return std::nullopt;
    offset = sign * (hours{hour} + minutes{minute});
  }
  const auto at = to_seconds(c);
  if (!in.done() || !at) return std::nullopt;
  return *at - offset + part;
}

std::optional<wall_time> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 7> week{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> year_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  scanner in(text);
  civil c;
  const int day_of_week = in.word(week);
  in.literal(", "), c.day = in.digits(2), in.literal(" "), c.month = in.word(year_months) + 1, in.literal(" ");
  c.year = in.digits(4), in.literal(" "), c.hour = in.digits(2), in.literal(":"), c.minute = in.digits(2);
  in.literal(":"), c.second = in.digits(2), in.literal(" GMT");
  const auto at = to_seconds(c);
  if (!in.done() || !at) return std::nullopt;
  const year_month_day date{year{c.year}, month{static_cast<unsigned>(c.month)}, day{static_cast<unsigned>(c.day)}};
  if (weekday{sys_days{date}} != weekday{static_cast<unsigned>(day_of_week)}) return std::nullopt;
  return wall_time{*at};
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed != std::errc{} || text.starts_with('-')) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  const auto known = std::ranges::find(units, unit, &decltype(units)::value_type::first);
  if (known == units.end() || count > longest / known->second) return std::nullopt;
  return count * known->second;
}

std::string duration_text(milliseconds span) {
  if (span == milliseconds{0}) return "0s";
  const auto fits = [&](const auto& unit) { return span % unit.second == milliseconds{0}; };
  const auto unit = std::ranges::find_if(units, fits);
  return fmt::format("{}{}", span / unit->second, unit->first);
}

}  // namespace regpass
