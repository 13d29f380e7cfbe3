// The definitions that the text of a table's rows depends on, beside the names of its types.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>

namespace archive {

// A change of a definition changes this. In a transaction that finds names in pg_catalog alone.
[[nodiscard]] async::awaitable<std::string> type_definitions(db::connection& session, std::uint32_t table);

} // namespace archive
