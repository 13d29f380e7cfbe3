#include "lake/ledger.hpp"

#include "async/fault_point.hpp"
#include "async/task_group.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <utility>

namespace lake {

using async::fault_point;

namespace {

constexpr int appends_max = 20; // each failed because another writer was faster
constexpr std::size_t append_max = std::size_t{4} << 20;

// Small months are read beside each other, and noted in their order.
constexpr std::size_t months_at_a_time = 8;
constexpr std::uint64_t read_together_max = std::uint64_t{2} << 20;

// "2026-01"; empty for a blob that is no month of the ledger.
std::string_view month_of(std::string_view blob) {
    constexpr std::string_view ledger_of = "ledger-";
    constexpr std::string_view ending = ".jsonl";
    auto name = blob.substr(blob.rfind('/') + 1);
    if (!name.starts_with(ledger_of) || !name.ends_with(ending))
        return {};
    name.remove_prefix(ledger_of.size());
    name.remove_suffix(ending.size());
    return name;
}

// How many of the first of them; at least one.
std::size_t read_together(std::span<const azure::blob_properties> months) {
    std::uint64_t bytes = 0;
    const auto too_many = [&bytes](const auto& month) { return (bytes += month.size) > read_together_max; };
    const auto end = std::ranges::find_if(months, too_many);
    return std::max<std::size_t>(1, static_cast<std::size_t>(end - months.begin()));
}

// A run that appends meanwhile gives it another ETag: what was there when it was listed is enough.
awaitable<void> read_month(folder& files, const azure::blob_properties& month, azure::body_sink take) {
    const azure::etag any;
    co_await files.client().read(month.name, any, 0, month.size, std::move(take));
}

// Notes the lines of one month after the other.
class month_reader {
  public:
    explicit month_reader(std::string_view since)
        : since_(since) {}

    void begin(std::string_view blob) {
        wanted_ = month_of(blob).substr(0, since_.size()) >= since_;
        rest_.clear();
    }
    void take(std::string_view piece) {
        rest_ += piece;
        std::size_t from = 0;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', from)) {
            take_line(std::string_view(rest_).substr(from, end - from));
            from = end + 1;
        }
        rest_.erase(0, from);
    }
    [[nodiscard]] ledger_state known() && { return std::move(known_); }

  private:
    void take_line(std::string_view line) {
        // Of a month before those that are wanted, what tells of restored files.
        if (!wanted_ && known_.size() == 0 && line.find(R"("restored":)") == std::string_view::npos)
            return;
        const auto entry = entry_from(line);
        if (entry && (wanted_ || entry->restored || known_.find(entry->file)))
            known_.note(*entry);
    }

    std::string since_;
    ledger_state known_;
    std::string rest_;
    bool wanted_ = true;
};

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
    auto months = co_await lake_.bookkeeping();
    std::erase_if(months, [](const auto& month) { return month_of(month.name).empty(); });
    month_reader reader(since);
    for (std::span<const azure::blob_properties> left(months); !left.empty();) {
        const auto together = left.first(read_together(left));
        left = left.subspan(together.size());
        if (together.size() == 1) {
            reader.begin(together.front().name);
            const azure::body_sink take = [&reader](std::span<const std::byte> piece) -> awaitable<void> {
                reader.take(text_of(piece));
                co_return;
            };
            co_await read_month(lake_, together.front(), take);
            continue;
        }
        std::vector<std::string> texts(together.size());
        const std::function<awaitable<void>(std::size_t)> fetch = [&](std::size_t number) -> awaitable<void> {
            const azure::body_sink take = [&texts,
                                           number](std::span<const std::byte> piece) -> awaitable<void> {
                texts[number] += text_of(piece);
                co_return;
            };
            co_await read_month(lake_, together[number], take);
        };
        co_await async::for_each_bounded(together.size(), months_at_a_time, fetch);
        for (std::size_t number = 0; number < together.size(); ++number) {
            reader.begin(together[number].name);
            reader.take(texts[number]);
        }
    }
    co_return std::move(reader).known();
}

} // namespace lake
