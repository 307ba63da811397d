#include "regpass/http/h1_codec.hpp"

#include "h1_transcript.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::http;
using test::run;
using test::run_every_way;

TEST_CASE("requests give the same events however they are cut") {
  struct row {
    std::string bytes, events;
  };
  const auto r = GENERATE(values<row>({
      {"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n", "head GET /v2/ 1.1 [Host: a]|end"},
      {"GET / HTTP/1.0\r\n\r\n", "head GET / 1.0|end"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "head CONNECT a:443 1.1 [Host: a:443]|end"},
      {"GET http://a/x HTTP/1.1\r\nHost:a\r\nX: \t b c\t \r\nX:\r\n\r\n",
       "head GET http://a/x 1.1 [Host: a] [X: b c] [X: ]|end"},
      {"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       "head PUT /x 1.1 [Host: a] [Content-Length: 5]|data hello|end"},
      {"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "head PUT /x 1.1 [Host: a] [Content-Length: 0]|end"},
      {"PATCH /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
       "head PATCH /x 1.1 [Host: a] [Transfer-Encoding: chunked]|data hello world|end"},
      {"PATCH /x HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n",
       "head PATCH /x 1.1 [Host: a] [transfer-encoding: Chunked]|end"},
      {"P /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0A;x=\"y;\"\r\n0123\r\n6789\r\n000;z\r\nT: "
       "1\r\nU:\r\n\r\n",
       "head P /x 1.1 [Host: a] [Transfer-Encoding: chunked]|data 0123\r\n6789|end [T: 1] [U: ]"},
  }));
  for (const auto& o : run_every_way<request_head>(r.bytes)) {
    CHECK(o.text == r.events);
    CHECK(o.used == r.bytes.size());
  }
}

TEST_CASE("responses give the same events however they are cut") {
  struct row {
    std::string method, bytes, events;
  };
  const auto r = GENERATE(values<row>({
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "head 200 OK 1.1 [Content-Length: 3]|data abc|end"},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "head 200 OK 1.1 [Content-Length: 3]|end"},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "head 200 OK 1.1 [Transfer-Encoding: chunked]|end"},
      {"GET", "HTTP/1.1 304 \r\nContent-Length: 3\r\n\r\n", "head 304  1.1 [Content-Length: 3]|end"},
      {"DELETE", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
       "head 204 No Content 1.1 [Content-Length: 0]|end"},
      {"PUT", "HTTP/1.1 100 Continue\r\n\r\n", "head 100 Continue 1.1|end"},
      {"CONNECT", "HTTP/1.1 200 Connection established\r\n\r\n", "head 200 Connection established 1.1|end"},
      {"CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "head 200 OK 1.1 [Content-Length: 9]|end"},
      {"GET", "HTTP/1.1 403 sidecar: \xc3\xa4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSum: 1\r\n\r\n",
       "head 403 sidecar: \xc3\xa4 1.1 [Transfer-Encoding: chunked]|data ok|end [Sum: 1]"},
  }));
  for (const auto& o : run_every_way<response_head>(r.bytes, r.method)) {
    CHECK(o.text == r.events);
    CHECK(o.used == r.bytes.size());
  }
}

TEST_CASE("a response without length runs until the peer closes") {
  const std::string bytes = "HTTP/1.0 200 OK\r\n\r\nabc";
  for (const auto& o : run_every_way<response_head>(bytes, "GET", true))
    CHECK(o.text == "head 200 OK 1.0|data abc|end");
  CHECK(run<response_head>({bytes}).text == "head 200 OK 1.0|data abc");
}

TEST_CASE("bytes behind a message belong to the next one") {
  const std::string first = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok";
  const std::string chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nk\r\n0\r\n\r\n";
  const std::string bare = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const auto& message : {first, chunked, bare}) {
    const auto both = message + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const auto& o : run_every_way<request_head>(both)) CHECK(o.used == message.size());
  }
}

TEST_CASE("a peer that closes early leaves a truncated message, never a complete one") {
  struct row {
    std::string bytes;
    std::size_t head;  // bytes of the head
  };
  const auto r = GENERATE(values<row>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 38},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", 47},
  }));
  REQUIRE(r.bytes.substr(r.head - 4, 4) == "\r\n\r\n");
  for (std::size_t n = 1; n < r.bytes.size(); ++n) {
    const auto o = run<response_head>({std::string_view(r.bytes).substr(0, n)}, "GET", true);
    CAPTURE(n, o.text);
    REQUIRE(o.is_error);
    CHECK(o.failed.code == errc::truncated);
    CHECK(o.failed.when == (n < r.head ? phase::head : phase::body));
    CHECK(o.failed.answer_started);
  }
}

TEST_CASE("a peer that closes before the first byte just closed") {
  const auto o = run<response_head>({}, "GET", true);
  REQUIRE(o.is_error);
  CHECK(o.failed.code == errc::closed);
  CHECK_FALSE(o.failed.answer_started);
}

TEST_CASE("data is seen in place, not copied") {
  for (const std::string head : {"Content-Length: 4\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\n"}) {
    const auto bytes = "HTTP/1.1 200 OK\r\n" + head + "body";
    h1_decoder<response_head> decoder({}, "GET");
    const auto first = decoder.next(bytes);
    REQUIRE(first);
    REQUIRE(first->what == h1_event::kind::head);
    const auto second = decoder.next(std::string_view(bytes).substr(first->consumed));
    REQUIRE(second);
    CHECK(second->data.data() == bytes.data() + bytes.size() - 4);
    CHECK(second->data == "body");
  }
}

TEST_CASE("bodies may be longer than memory") {
  h1_decoder<request_head> counted;
  REQUIRE(counted.next("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"));
  CHECK(counted.framing().length == 18446744073709551615U);
  CHECK(counted.next("x")->data == "x");
  h1_decoder<request_head> chunked;
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  REQUIRE(chunked.next(head + "ffffffffffffffff\r\nx"));
  CHECK(chunked.next("ffffffffffffffff\r\nx")->data == "x");
}

TEST_CASE("the head can be taken, and the framing stays") {
  h1_decoder<request_head> decoder;
  CHECK_FALSE(decoder.started());
  REQUIRE(decoder.next("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"));
  CHECK(decoder.started());
  const auto head = decoder.take_head();
  CHECK(head.target == "/x");
  h1_decoder<request_head> moved(std::move(decoder));
  CHECK(moved.framing().how == framing::kind::counted);
  CHECK(moved.next("abc")->data == "abc");
  CHECK(moved.next("")->what == h1_event::kind::end);
}

TEST_CASE("after an error the decoder stays dead") {
  h1_decoder<request_head> decoder;
  const auto first = decoder.next("GET / HTTP/1.1\n\n");
  REQUIRE(!first);
  const auto again = decoder.next("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(!again);
  CHECK(again.error().detail == first.error().detail);
  REQUIRE(!decoder.finish());
  CHECK(decoder.finish().error().code == errc::bad_message);
}

TEST_CASE("what chunk framing is written is read back") {
  fields trailers;
  trailers.add("Sum", "1");
  const std::string data(300, 'x');
  const auto bytes = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk_prefix(data.size()) +
                     data + std::string(chunk_suffix) + last_chunk(trailers);
  CHECK(run<request_head>({bytes}).text ==
        "head PUT / 1.1 [Host: a] [Transfer-Encoding: chunked]|data " + data + "|end [Sum: 1]");
  CHECK(chunk_prefix(0x1a2b) == "1a2b\r\n");
  CHECK(last_chunk() == "0\r\n\r\n");
}

TEST_CASE("heads that were written are read back the same") {
  request_head head;
  head.method = "POST";
  head.target = "/v2/a/blobs/uploads/?x=y";
  head.headers.add("Host", "h");
  head.headers.add("X", "");
  head.headers.add("X", "2");
  const auto o = run<request_head>({write_head(head)});
  CHECK(o.text == "head POST /v2/a/blobs/uploads/?x=y 1.1 [Host: h] [X: ] [X: 2]|end");
}
