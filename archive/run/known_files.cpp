#include "archive/run/known_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

namespace {

// nullopt also for a restored file: its rows are in the table.
std::optional<async::error> loss_of(std::string_view name, const lake::ledger_entry& entry,
                                    const lake::file_map& files, const lake::file_key& key) {
    if (entry.word == "restored")
        return std::nullopt;
    const auto found = files.unpacked(key);
    const auto verdict = lake::compare_with_ledger(entry, found ? &*found : nullptr);
    if (verdict != lake::ledger_verdict::missing && verdict != lake::ledger_verdict::older)
        return std::nullopt;
    const auto accept =
        verdict == lake::ledger_verdict::older
            ? fmt::format(" If this version counts, run `event-archiver recover --keep {}`.", name)
            : std::string();
    return async::error(failure::integrity, fmt::format("'{}': {}", name, lake::describe(verdict, entry)),
                        "Nothing was changed. Put the file back as it was, from a version or a copy." +
                            accept);
}

} // namespace

std::optional<async::error> lost_file(const lake::ledger_state& known, const lake::file_map& files,
                                      const lake::day_range& days) {
    for (const auto& [name, entry] : known) {
        const auto key = lake::key_of_file(name);
        if (!key || !days.contains(key->which))
            continue;
        if (auto lost = loss_of(name, entry, files, *key))
            return lost;
    }
    return std::nullopt;
}

awaitable<void> known_files::must_be_there(const lake::file_map& files, std::vector<lake::day> days) {
    if (days.empty())
        co_return;
    std::ranges::sort(days);
    const auto month = days.front().text().substr(0, 7);
    if (!known_ || month < since_) {
        known_ = co_await ledger_.read(month);
        since_ = month;
    }
    for (const auto which : days) {
        const bool first_look = checked_.insert(which).second;
        for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
            const auto name = which.file_name(kind);
            const auto entry = known_->find(name);
            auto lost = entry ? loss_of(name, *entry, files, {which, kind}) : std::nullopt;
            if (lost && first_look)
                throw async::error(*std::move(lost));
            if (lost)
                log_.warn("file.lost",
                          "a file was removed, or replaced by an earlier version, during the run: the run "
                          "goes on with its day",
                          {{"error.message", lost->message()}});
        }
    }
}

} // namespace archive
