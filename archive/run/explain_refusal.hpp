// Why the service refused a request: its answer does not say what to do about a leased or immutable blob, but
// the blob's properties do.
// Tested by tests/integration/test_refusals.py.
#pragma once

#include "async/asio.hpp"
#include "lake/folder/folder.hpp"

#include <exception>

namespace archive {

using async::awaitable;

// If the blob itself forbade the request: async::error that names the blob, the obstacle and a remedy.
// Otherwise `failed`.
[[nodiscard]] awaitable<std::exception_ptr> explained(lake::folder& folder, std::exception_ptr failed);

} // namespace archive
