#include "h2_raw_client.hpp"

#include "common_ground.hpp"

#include <stdexcept>
#include <utility>
#include <variant>

namespace regpass::testing {
namespace {

http::fields fields_of(const header_list& list) {
  http::fields made;
  for (const auto& [name, value] : list) made.add(name, value);
  return made;
}

constexpr std::size_t sample = 64 * 1024;

}  // namespace

h2_raw_client::h2_raw_client(std::uint16_t proxy_port, std::string authority)
    : below_(proxy_port), authority_(std::move(authority)) {
  const auto answer = below_.connect(authority_);
  const auto host = authority_.substr(0, authority_.rfind(':'));
  if (answer.status != 200) throw std::runtime_error("CONNECT: " + answer.head);
  if (!below_.secure({.name = host, .alpn = {"h2", "http/1.1"}})) throw std::runtime_error("TLS: " + below_.failure());
  if (below_.alpn() != "h2") throw std::runtime_error("ALPN: " + below_.alpn());
}

http::request_head h2_raw_client::head_of(std::string_view method, std::string_view target,
                                          const header_list& more) const {
  http::request_head head;
  head.method = method;
  head.target = target;
  head.headers = fields_of(more);
  if (head.headers.count("Host") == 0) head.headers.add("Host", authority_);
  return head;
}

std::int32_t h2_raw_client::send(std::string_view method, std::string_view target, const header_list& more,
                                 std::optional<std::string> body, bool counted, const header_list& trailers) {
  http::framing how;
  if (body) how = {counted ? http::framing::kind::counted : http::framing::kind::chunked, counted ? body->size() : 0};
  const auto stream = codec_.request(head_of(method, target, more), how).value();
  if (how.has_body()) {
    auto& kept = lent_[stream] = std::move(*body);
    if (!kept.empty()) codec_.lend(stream, kept);
    codec_.finish(stream, fields_of(trailers));
  }
  flush();
  return stream;
}

std::int32_t h2_raw_client::begin(std::string_view method, std::string_view target, std::uint64_t length,
                                  const header_list& more) {
  const auto stream = codec_.request(head_of(method, target, more), {http::framing::kind::counted, length}).value();
  flush();
  return stream;
}

void h2_raw_client::add(std::int32_t stream, std::string piece) {
  codec_.lend(stream, lent_[stream] = std::move(piece));
  flush();
}

void h2_raw_client::end(std::int32_t stream, std::string piece) {
  codec_.lend(stream, lent_[stream] = std::move(piece));
  codec_.finish(stream, {});
  flush();
}

void h2_raw_client::reset(std::int32_t stream, http::h2_code code) {
  codec_.reset(stream, code);
  flush();
}

h2_answer h2_raw_client::receive(std::int32_t stream) {
  while (!over_[stream] && turn()) {
  }
  auto got = answers_[stream];
  const auto& body = bodies_[stream];
  got.body_size = body.size();
  got.body = body.substr(0, sample);
  got.sha256 = sha256_of(body);
  return got;
}

h2_answer h2_raw_client::receive_head(std::int32_t stream) {
  while (answers_[stream].status == 0 && !over_[stream] && turn()) {
  }
  return answers_[stream];
}

bool h2_raw_client::receive_interim(std::int32_t stream) {
  const auto& got = answers_[stream];
  while (got.interims == 0 && got.status == 0 && !over_[stream] && turn()) {
  }
  return got.interims > 0;
}

std::string h2_raw_client::receive_bytes(std::int32_t stream, std::size_t count) {
  while (bodies_[stream].size() < count && !over_[stream] && turn()) {
  }
  return bodies_[stream];
}

std::uint32_t h2_raw_client::goodbye() {
  while (turn()) {
  }
  return goodbye_.value_or(0xFFFF);
}

bool h2_raw_client::turn() {
  flush();
  const auto bytes = below_.on().read();
  if (bytes.empty()) return false;
  const auto fed = codec_.feed(bytes, steady_time(std::chrono::seconds(1)));
  for (auto& event : codec_.take_events()) {
    if (const auto* e = std::get_if<http::h2_response>(&event)) {
      auto& got = answers_[e->stream];
      if (http::is_interim(e->head)) {
        ++got.interims;
        continue;
      }
      got.status = e->head.status;
      for (const auto& one : e->head.headers) got.fields.emplace_back(one.name, one.value);
    } else if (const auto* data = std::get_if<http::h2_data>(&event)) {
      bodies_[data->stream] += data->data;
      codec_.consumed(data->stream, data->data.size());
    } else if (const auto* end = std::get_if<http::h2_end>(&event)) {
      auto& got = answers_[end->stream];
      got.complete = over_[end->stream] = true;
      for (const auto& one : end->trailers) got.trailers.emplace_back(one.name, one.value);
    } else if (const auto* closed = std::get_if<http::h2_closed>(&event)) {
      over_[closed->stream] = true;
      if (closed->code != http::h2_code::no_error) answers_[closed->stream].reset = std::to_underlying(closed->code);
    } else if (const auto* leaving = std::get_if<http::h2_going_away>(&event)) {
      goodbye_ = std::to_underlying(leaving->code);
    }
  }
  flush();
  return fed.has_value();
}

void h2_raw_client::flush() {
  std::string out;
  const auto written = codec_.output(out, 1U << 24U);
  if (!out.empty()) below_.send(out);
  if (!written) throw std::runtime_error(to_text(written.error()));
}

}  // namespace regpass::testing
