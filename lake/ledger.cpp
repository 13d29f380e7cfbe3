#include "lake/ledger.hpp"

#include "async/fault_point.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace lake {

using async::fault_point;

namespace {

constexpr int appends_max = 20; // each failed because another writer was faster
constexpr std::size_t append_max = std::size_t{4} << 20;

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

} // namespace

// Others may append at the same time, so it is tried again with a fresh look.
awaitable<void> ledger::append_text(std::string name, std::string text) {
    auto& client = lake_.client();
    for (int tries = 1;; ++tries) {
        if (name != written_) {
            const auto there = co_await client.properties(name);
            if (!there) {
                co_await client.ensure_append_blob(name, lake_.encryption_scope());
                continue;
            }
            written_ = name;
            etag_ = there->etag;
        }
        const auto when = azure::condition::match(etag_);
        bool changed = false;
        try {
            etag_ = co_await client.append_block(name, text, when, lake_.encryption_scope());
        } catch (const azure::storage_error& failed) {
            written_.clear();
            changed = failed.status() == 412 || failed.status() == 404;
            if (!changed || tries == appends_max)
                throw;
        }
        if (!changed)
            co_return;
    }
}

awaitable<void> ledger::append(std::vector<ledger_entry> entries) {
    // The service's clock: the months are read in the order of their names, whichever machine wrote them.
    const auto ahead = lake_.client().clock_ahead().value_or(std::chrono::seconds(0));
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + ahead);
    const auto time = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
    const auto name =
        fmt::format("{}{}ledger-{}.jsonl", lake_.prefix(), bookkeeping_folder, time.substr(0, 7));
    std::string text;
    for (const auto& entry : entries) {
        const auto line = ledger_line(entry, time);
        if (text.size() + line.size() > append_max) {
            co_await append_text(name, text);
            text.clear();
        }
        text += line;
    }
    if (!text.empty())
        co_await append_text(name, std::move(text));
    fault_point("ledger-written");
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

awaitable<ledger_state> ledger::read(std::string since) {
    ledger_state known;
    const auto months = co_await lake_.bookkeeping();
    for (const auto& month : months) {
        const auto name = last_part(month.name);
        constexpr std::string_view ledger_of = "ledger-";
        if (!name.starts_with(ledger_of) || !name.ends_with(".jsonl"))
            continue;
        const bool wanted = name.substr(ledger_of.size(), since.size()) >= since;
        std::string rest;
        const azure::body_sink take = [&known, &rest,
                                       wanted](std::span<const std::byte> piece) -> awaitable<void> {
            rest += text_of(piece);
            std::size_t from = 0;
            for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', from)) {
                const auto entry = entry_from(std::string_view(rest).substr(from, end - from));
                if (entry && (wanted || entry->restored || known.find(entry->file)))
                    known.note(*entry);
                from = end + 1;
            }
            rest.erase(0, from);
            co_return;
        };
        // A run that appends meanwhile gives it another ETag: what was there when it was listed is enough.
        const azure::etag any;
        co_await lake_.client().read(month.name, any, 0, month.size, take);
    }
    co_return known;
}

} // namespace lake
