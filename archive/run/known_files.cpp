#include "archive/run/known_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

std::optional<async::error> lost_file(const lake::ledger_state& known, const lake::file_map& files,
                                      const lake::day_range& days) {
    for (const auto& [name, entry] : known) {
        const auto key = lake::key_of_file(name);
        if (!key || !days.contains(key->which))
            continue;
        if (entry.word == "restored") // its rows are in the table
            continue;
        const auto found = files.unpacked(*key);
        const auto verdict = lake::compare_with_ledger(entry, found ? &*found : nullptr);
        if (verdict != lake::ledger_verdict::missing && verdict != lake::ledger_verdict::older)
            continue;
        const bool older = verdict == lake::ledger_verdict::older;
        return async::error(
            failure::integrity, fmt::format("'{}': {}", name, lake::describe(verdict, entry)),
            fmt::format("Nothing was changed. Put the file back as it was, from a version or a copy.{}",
                        older ? fmt::format(" If this version counts, run `event-archiver recover"
                                            " --keep {}`.",
                                            name)
                              : std::string()));
    }
    return std::nullopt;
}

awaitable<void> known_files::must_be_there(const lake::file_map& files, std::vector<lake::day> days) {
    if (days.empty())
        co_return;
    std::ranges::sort(days);
    if (!known_)
        known_ = co_await ledger_.read(days.front().text().substr(0, 7));
    for (const auto which : days) {
        // Of a file that goes while the run is at work, its conditional writes tell.
        if (!checked_.insert(which).second)
            continue;
        if (auto lost = lost_file(*known_, files, {which, which}))
            throw async::error(*std::move(lost));
    }
}

} // namespace archive
