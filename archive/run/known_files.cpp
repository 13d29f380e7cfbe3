#include "archive/run/known_files.hpp"

#include "archive/table/types_then.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Nothing if the file is there. A restored file is missed too: some of its rows may be in the file alone.
std::optional<async::error> error_of(const lake::ledger_state& known, const lake::ledger_entry& entry,
                                     const lake::listed_file* found) {
    const auto verdict = known.verdict_on(entry, found);
    const bool is_lost = verdict == lake::ledger_verdict::lost;
    const bool is_older = verdict == lake::ledger_verdict::older;
    if (!is_lost && !is_older && verdict != lake::ledger_verdict::missing)
        return std::nullopt;
    std::string hint = "Nothing was changed. Put the file back as it was, from a version or a copy.";
    if (is_older)
        hint += fmt::format(" If this version counts, run `event-archiver recover --keep {}`.", entry.file);
    if (is_lost)
        hint = "Nothing was changed. Put the rows of both into one file, from a version or a copy.";
    return async::error(failure::integrity,
                        fmt::format("'{}': {}", entry.file, known.sentence_of(verdict, entry)),
                        std::move(hint));
}

} // namespace

std::optional<async::error> lost_file(const lake::ledger_state& known, const lake::file_map& files,
                                      const lake::day_range& days) {
    for (const auto& [name, entry] : known) {
        const auto key = lake::key_of_file(name);
        if (!key || !days.contains(key->which))
            continue;
        const auto found = files.unpacked(*key);
        if (auto lost = error_of(known, entry, found ? &*found : nullptr))
            return lost;
    }
    return std::nullopt;
}

std::optional<async::error> unmarked_file(const lake::ledger_state& known, const run_transaction& opened,
                                          const lake::day_range& days) {
    for (const auto& name : known.restored()) {
        const auto key = lake::key_of_file(name);
        if (!key || !days.contains(key->which))
            continue;
        const auto entry = known.find(name).value();
        const auto found = opened.file_of(*key);
        const auto verdict = known.verdict_on(entry, found ? &*found : nullptr);
        if (verdict == lake::ledger_verdict::unmarked)
            return async::error(failure::integrity,
                                fmt::format("'{}': {}", name, known.sentence_of(verdict, entry)),
                                "Nothing was changed. docs/runbook.md, \"A restored file lost its mark\".");
    }
    return std::nullopt;
}

std::optional<async::error> lost_restored_file(const lake::ledger_state& known,
                                               const run_transaction& opened) {
    for (const auto& name : known.restored()) {
        const auto key = lake::key_of_file(name);
        if (!key)
            continue;
        const auto found = opened.file_of(*key);
        if (auto lost = error_of(known, known.find(name).value(), found ? &*found : nullptr))
            return lost;
    }
    return std::nullopt;
}

awaitable<void> known_files::must_be_there(const run_transaction& opened, std::vector<lake::day> days) {
    if (days.empty())
        co_return;
    std::ranges::sort(days);
    const bool first_look = !known_;
    co_await read(days.front());
    auto gone = first_look ? lost_restored_file(*known_, opened) : std::nullopt;
    if (gone) // one that goes later begins the run again
        throw async::error(*std::move(gone));
    if (auto unmarked = unmarked_file(*known_, opened, {}))
        throw async::error(*std::move(unmarked));
    for (const auto which : days) {
        const bool first = checked_.insert(which).second;
        for (const auto kind : {lake::compression::none, lake::compression::gzip})
            co_await look(opened, {which, kind}, first);
    }
}

awaitable<void> known_files::read(lake::day first) {
    auto month = first.text().substr(0, 7);
    if (known_ && month >= since_)
        co_return;
    known_ = co_await tools_.ledger.read(month);
    since_ = std::move(month);
}

awaitable<bool> known_files::end_restore(const lake::listed_file& file) {
    co_await read(file.key().which);
    const auto& name = file.properties.name;
    if (!known_->restored().contains(lake::name_alone(name)))
        co_return true;
    auto entry =
        lake::entry_of(name, lake::archived_again(*file.mark.mark), file.properties.etag, "archived");
    known_->note(entry);
    std::vector<lake::ledger_entry> entries;
    entries.push_back(std::move(entry));
    co_await tools_.lease.ready_to_write();
    co_return co_await tools_.ledger.record(std::move(entries), log_);
}

awaitable<void> known_files::record_types(const table_description& table) {
    if (!known_ || !has_parts(table.definitions) || known_->types().contains(table.types))
        co_return;
    auto types = types_to_note(table);
    known_->note(types);
    co_await tools_.lease.ready_to_write();
    co_await tools_.ledger.record(std::move(types), log_);
}

awaitable<void> known_files::look(const run_transaction& opened, lake::file_key key, bool first) {
    const auto entry = known_->find(key.which.file_name(key.compression));
    if (!entry)
        co_return;
    const auto found = opened.file_of(key);
    auto lost = error_of(*known_, *entry, found ? &*found : nullptr);
    const bool was_lost = known_->loss_of(entry->file) != nullptr;
    if (!lost && was_lost)
        co_await record(*entry, lake::ledger_word::found);
    if (!lost)
        co_return;
    if (first)
        throw async::error(*std::move(lost));
    if (!was_lost)
        co_await record(*entry, lake::ledger_word::lost);
    log_.warn(
        "file.lost",
        "a file was removed, or replaced by an earlier version, during the run: the run goes on with its"
        " day",
        {{"error.message", lost->message()}});
}

// Before the run writes to the day: a file that another run's line tells of is missed no longer.
awaitable<void> known_files::record(lake::ledger_entry entry, std::string_view word) {
    entry.word = word;
    known_->note(entry);
    std::vector<lake::ledger_entry> entries;
    entries.push_back(std::move(entry));
    co_await tools_.lease.ready_to_write();
    co_await tools_.ledger.record(std::move(entries), log_);
}

} // namespace archive
