// Image references, and hosts as people write them (T31).
#include "regpass/registry/reference.hpp"

#include "fuzz.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(reference) {
  if (const auto host = registry::parse_host(bytes)) {
    const auto again = registry::parse_host(registry::to_text(*host));
    fuzz::promise(again && *again == *host, "a host's canonical text is the same host");
  }
  const auto read = registry::parse_reference(bytes);
  if (!read) return;
  fuzz::promise(registry::is_repository(read->repository), "a repository has its grammar");
  fuzz::promise(!read->tag || registry::is_tag(*read->tag), "so has a tag");
  fuzz::promise(!read->digest || registry::is_digest(*read->digest), "and a digest");
  const auto again = registry::parse_reference(registry::to_text(*read));
  fuzz::promise(again && again->host == read->host && again->repository == read->repository &&
                    again->tag == read->tag && again->digest == read->digest,
                "a reference's canonical text is the same reference");
}
