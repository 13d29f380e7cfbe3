// From an endpoint to a connected stream: look up the name, connect, shake hands.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "azure/account.hpp"
#include "azure/impl/transport.hpp"

#include <memory>

namespace azure {

// Each of the three steps may take `step_timeout`, and all must be over at `by`. Throws storage_error with
// status 0 and a known outcome: nothing has been asked for yet. `server` and `tls` (null without TLS) must
// outlive the call, `tls` the transport.
[[nodiscard]] async::awaitable<std::unique_ptr<transport>>
connect_to(const endpoint& server, tls_client* tls, async::deadline::clock::duration step_timeout,
           async::deadline by);

} // namespace azure
