#include "regpass/net/task.hpp"

#include "regpass/base/log.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <string>

namespace regpass::net {

void spawn(const executor& on, task<void> work, std::string_view name) {
  boost::asio::co_spawn(on, std::move(work), [name = std::string{name}](const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& bug) {
      log::write(log::level::error, "bug", name + " ended by an exception: " + bug.what());
    } catch (...) {
      log::write(log::level::error, "bug", name + " ended by an unknown exception");
    }
  });
}

}  // namespace regpass::net
