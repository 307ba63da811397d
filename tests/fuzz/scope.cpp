// Scopes of challenges, answers and claims (T06, T07).
#include "regpass/registry/scope.hpp"

#include "fuzz.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(scope) {
  const auto one = registry::parse_scopes(fuzz::take_line(bytes));
  const auto other = registry::parse_scopes(bytes);
  if (!one || !other) return;
  const auto again = registry::parse_scopes(registry::to_text(*one));
  fuzz::promise(again && *again == *one, "a set's text is the same set");
  const auto both = one->intersect(*other);
  fuzz::promise(one->covers(both) && other->covers(both), "what is in both is in each");
  fuzz::promise(other->covers(*one) == one->minus(*other).empty(), "covering leaves nothing over");
  auto sum = *one;
  sum.add(*other);
  fuzz::promise(sum.covers(*one) && sum.covers(*other), "a sum has both");
}
