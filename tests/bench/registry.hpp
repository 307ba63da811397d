// The parts of a registry that the workloads need.
#pragma once

#include "message.hpp"

#include <cstdint>
#include <string>

namespace bench {

/// Bodies are only counted: the digits of a blob's digest are the number of bytes to send, in hexadecimal. Without
/// `Authorization` the response is 401 with a Basic challenge; hosts named `tokens.…` require Bearer tokens from
/// `/token`.
class Registry {
 public:
  Registry();
  Answer answer(const Request& request);

 private:
  [[nodiscard]] Answer small(int status, Fields fields, std::string text) const;
  [[nodiscard]] Answer challenge(const Request& request, const std::string& path) const;
  [[nodiscard]] Answer token(const Request& request) const;
  [[nodiscard]] Answer manifest() const;
  [[nodiscard]] Answer upload(const Request& request, const std::string& query) const;

  std::string manifest_;
  std::string manifest_digest_;
  std::uint64_t requests_ = 0;
};

}  // namespace bench
