#include "lake/ledger/ledger.hpp"

#include "async/fault_point.hpp"
#include "async/utc_time.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace lake {

using async::fault_point;

namespace {

constexpr int appends_max = 20; // each failed because another writer was faster, or removed the blob
constexpr std::size_t append_max = std::size_t{4} << 20;
constexpr int parts_max = 99; // of a month

// Of the blob of a month, behind `full` others. '.' and 'p' sort them behind ".jsonl", in their order.
std::string ending_behind(int full) {
    return full == 0 ? ".jsonl" : fmt::format(".part{:02}.jsonl", full + 1);
}

// The blob has as many blocks as an append blob may have: 50,000.
bool is_full(const azure::storage_error& failed) {
    return failed.status() == 409 && failed.service_code() == "BlockCountExceedsLimit";
}

} // namespace

// Others may append at the same time, so it is tried again with a fresh look.
awaitable<void> ledger::append_text(std::string month, std::string text) {
    auto& client = lake_.client();
    for (int tries = 1;; ++tries) {
        const auto name = month + ending_behind(full_[month]);
        if (name != written_) {
            const auto there = co_await client.properties(name);
            if (!there && tries > appends_max)
                throw async::error(async::failure::temporary,
                                   fmt::format("'{}' is removed as often as it is made", name));
            if (!there) {
                co_await client.ensure_append_blob(name, lake_.encryption_scope());
                continue;
            }
            written_ = name;
            etag_ = there->etag;
        }
        const auto when = azure::condition::match(etag_);
        try {
            etag_ = co_await client.append_block(name, text, when, lake_.encryption_scope());
            co_return;
        } catch (const azure::storage_error& failed) {
            written_.clear();
            if (is_full(failed) && full_[month] + 1 < parts_max) {
                ++full_[month];
                tries = 0;
            } else if ((failed.status() != 412 && failed.status() != 404) || tries == appends_max) {
                throw;
            }
        }
    }
}

awaitable<void> ledger::append_lines(std::string month, std::vector<std::string> lines) {
    std::string text;
    for (const auto& line : lines) {
        if (text.size() + line.size() > append_max) {
            co_await append_text(month, text);
            text.clear();
        }
        text += line;
    }
    if (!text.empty())
        co_await append_text(month, std::move(text));
    fault_point("ledger-written");
}

// The service's clock: the months are read in the order of their names, whichever machine wrote them.
std::string ledger::time_of_service() const {
    const auto ahead = lake_.client().clock_ahead().value_or(std::chrono::seconds(0));
    return async::utc_text(async::this_second() + ahead);
}

std::string ledger::month_at(std::string_view time) const {
    return fmt::format("{}{}ledger-{}", lake_.prefix(), bookkeeping_folder, time.substr(0, 7));
}

awaitable<void> ledger::append(std::vector<ledger_entry> entries) {
    const auto time = time_of_service();
    std::vector<std::string> lines;
    for (const auto& entry : entries)
        lines.push_back(ledger_line(entry, time));
    co_await append_lines(month_at(time), std::move(lines));
}

awaitable<bool> ledger::record(std::vector<ledger_entry> entries, async::log& log) {
    if (entries.empty())
        co_return true;
    try {
        co_await append(std::move(entries));
        co_return true;
    } catch (const async::error& failed) {
        if (failed.kind() == async::failure::temporary)
            throw;
        log.warn("ledger.failed",
                 "the ledger could not be written: `verify` will not notice if these files are lost",
                 {{"error.message", failed.what()}});
    }
    co_return false;
}

awaitable<bool> ledger::record(noted_types types, async::log& log) {
    const auto time = time_of_service();
    std::vector<std::string> lines;
    lines.push_back(types_line(types, time));
    try {
        co_await append_lines(month_at(time), std::move(lines));
        co_return true;
    } catch (const async::error& failed) {
        if (failed.kind() == async::failure::temporary)
            throw;
        log.warn("ledger.failed",
                 "the ledger could not be written: once labels of the table's types are added, it may not be"
                 " known what the types of these files were",
                 {{"error.message", failed.what()}});
    }
    co_return false;
}

} // namespace lake
