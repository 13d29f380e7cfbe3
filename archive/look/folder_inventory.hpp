// What a folder holds, asked of the storage service: its ledger and its listing, no file.
// Tested by tests/integration/test_list.py and tests/integration/test_archive_page.py.
#pragma once

#include "archive/look/inventory.hpp"
#include "async/asio.hpp"
#include "lake/folder/folder.hpp"

#include <optional>
#include <string>

namespace archive {

// `now` as in take_inventory. nullopt if there is no container; none is created.
[[nodiscard]] async::awaitable<std::optional<inventory>> look_into(lake::folder& folder, lake::day_range days,
                                                                   std::string now);

} // namespace archive
