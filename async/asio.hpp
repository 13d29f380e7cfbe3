// The one spelling of Asio's names in this program. It includes little: sources that need sockets or timers
// include those headers.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace async {

namespace asio = boost::asio;
using asio::awaitable;

} // namespace async
