// The digest of the rows that a COPY returns. No row is kept.
// Tested by tests/integration/test_erase.py and tests/integration/test_round_trip.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "lake/content/content_digest.hpp"

#include <string>

namespace archive {

using async::awaitable;

// `copy_sql`: COPY … TO STDOUT. Throws db::error.
[[nodiscard]] awaitable<lake::content_digest> digest_of_copy(db::connection& session, std::string copy_sql);

} // namespace archive
