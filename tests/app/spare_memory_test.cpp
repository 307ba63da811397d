#include "app/spare_memory.hpp"

#include <catch2/catch.hpp>

using namespace regpass::app;

TEST_CASE("A crowd that has left is told once") {
  tide one;
  CHECK_FALSE(one.ebbed(0));
  CHECK_FALSE(one.ebbed(500));
  CHECK_FALSE(one.ebbed(300));
  CHECK_FALSE(one.ebbed(250));
  CHECK(one.ebbed(240));
  CHECK_FALSE(one.ebbed(240));
  CHECK_FALSE(one.ebbed(3));
  CHECK(one.ebbed(0));
  CHECK_FALSE(one.ebbed(0));
  CHECK_FALSE(one.ebbed(400));
  CHECK_FALSE(one.ebbed(0));
  CHECK(one.ebbed(0));
}

TEST_CASE("A few that come and go are no crowd") {
  tide one;
  for (const auto open : {31UL, 0UL, 20UL, 1UL, 31UL, 0UL}) CHECK_FALSE(one.ebbed(open));
}
