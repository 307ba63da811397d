// Clients that are configured to use regpass as their registry: plain HTTP, in either version, for one [[mirror]].
#pragma once

#include "forward/modes/listen_point.hpp"
#include "forward/modes/listener_mode.hpp"

#include <string>
#include <utility>
#include <vector>

namespace regpass::forward {

class mirror_mode final : public listener_mode {
 public:
  static result<std::vector<listen_point>> plan(const options::listen_options&, const std::vector<mirror_options>&);

  // `key`: of the mirror in the snapshot.
  explicit mirror_mode(std::string key) : key_(std::move(key)) {}
  options::mode_kind kind() const noexcept override { return options::mode_kind::mirror; }
  async::task<void> serve(connection& client) const override;

 private:
  std::string key_;
};

}  // namespace regpass::forward
