// Clients that are configured to use a proxy: HTTPS_PROXY and its relatives.
#pragma once

#include "forward/modes/listen_point.hpp"
#include "forward/modes/listener_mode.hpp"

#include <vector>

namespace regpass::forward {

class explicit_proxy_mode final : public listener_mode {
 public:
  static result<std::vector<listen_point>> plan(const options::listen_options&, const std::vector<mirror_options>&);

  options::mode_kind kind() const noexcept override { return options::mode_kind::explicit_proxy; }
  async::task<void> serve(connection& client) const override;
};

}  // namespace regpass::forward
