#include "regpass/base/buffer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <utility>
#include <vector>

using regpass::buffer;

TEST_CASE("A buffer keeps what is appended, however large it grows") {
  buffer one;
  std::string expected;
  for (const std::size_t size : {std::size_t{1}, std::size_t{5000}, buffer::block_bytes, std::size_t{300'000}}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    one.append(piece);
    expected += piece;
    REQUIRE(one.view() == expected);
  }
  one.drop_front(5000);
  CHECK(one.view() == expected.substr(5000));
  one.clear();
  CHECK(one.empty());
  one.append("again");
  CHECK(one.view() == "again");
}

TEST_CASE("A block that was given back is the next one taken") {
  buffer first(10);
  const auto* const block = first.data();
  first.release();
  CHECK(first.empty());
  const buffer second(buffer::block_bytes);
  CHECK(second.data() == block);
}

TEST_CASE("More blocks than the stock keeps, and large ones, come and go") {
  std::vector<buffer> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(i % 2 == 0 ? 100 : 200'000);
  many.clear();
  for (int i = 0; i < 100; ++i) {
    many.emplace_back(1);
    many.back().data()[0] = static_cast<char>(i);
  }
  for (int i = 0; i < 100; ++i) CHECK(many[static_cast<std::size_t>(i)].data()[0] == static_cast<char>(i));
}

TEST_CASE("A moved buffer leaves an empty one") {
  buffer from;
  from.append("bytes");
  buffer to(std::move(from));
  CHECK(to.view() == "bytes");
  from = buffer();
  from.append("others");
  to = std::move(from);
  CHECK(to.view() == "others");
}

TEST_CASE("A buffer may end in another thread than it began in, and after its thread") {
  buffer made;
  std::thread([&] {
    made.append("from another thread");
    thread_local buffer late(5);  // ends with the thread, maybe behind its stock
    late.append("x");
  }).join();
  CHECK(made.view() == "from another thread");
}
