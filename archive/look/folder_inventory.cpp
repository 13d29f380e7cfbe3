#include "archive/look/folder_inventory.hpp"

#include "lake/ledger/ledger.hpp"

namespace archive {

async::awaitable<std::optional<inventory>> look_into(lake::folder& folder, lake::day_range days,
                                                     std::string now) {
    // The ledger is read before the listing, so that a file which is archived in between is not missed.
    lake::ledger book(folder);
    const auto known = co_await book.read();
    const auto files = co_await folder.present_files();
    if (!files)
        co_return std::nullopt;
    co_return take_inventory(*files, days, now, known, folder.prefix());
}

} // namespace archive
