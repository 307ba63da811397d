// The coroutine type of the I/O arm, and the rules for spawning.
#pragma once

#include "regpass/base/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string_view>

namespace regpass::net {

using executor = boost::asio::any_io_executor;

template <class T>
using task = boost::asio::awaitable<T>;

// Operations report errors as values, never by throwing.
inline constexpr auto use_task = boost::asio::as_tuple(boost::asio::use_awaitable);

// Runs `work` on `on`, detached. An exception that leaves it is a bug of ours: it is logged with `name` and goes no
// further.
void spawn(const executor& on, task<void> work, std::string_view name);

}  // namespace regpass::net
