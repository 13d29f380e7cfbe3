// Reads what the ledger knows.
// Tested by tests/fault/test_ledger.py.
#include "async/task_group.hpp"
#include "lake/ledger/ledger.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace lake {

namespace {

// Small months are read beside each other.
constexpr std::size_t months_at_a_time = 8;
constexpr std::uint64_t read_together_max = std::uint64_t{2} << 20;

// "2026-01", or "2026-01.part02"; empty for a blob that is no month of the ledger.
std::string_view month_of(std::string_view blob) {
    constexpr std::string_view ledger_of = "ledger-";
    constexpr std::string_view ending = ".jsonl";
    auto name = name_alone(blob);
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

    // `since` is a year, a month, or empty: then all months are wanted.
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
        if (auto types = types_from(line)) {
            known_.note(*std::move(types));
            return;
        }
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

// Reads one month and hands its lines over piece by piece.
awaitable<void> read_one(folder& files, const azure::blob_properties& month, month_reader& reader) {
    reader.begin(month.name);
    const azure::body_sink take = [&reader](std::span<const std::byte> piece) -> awaitable<void> {
        reader.take(text_of(piece));
        co_return;
    };
    co_await read_month(files, month, take);
}

// Reads small months beside each other, and hands their lines over in the order of the months.
awaitable<void> read_many(folder& files, std::span<const azure::blob_properties> months,
                          month_reader& reader) {
    std::vector<std::string> texts(months.size());
    const std::function<awaitable<void>(std::size_t)> fetch = [&](std::size_t number) -> awaitable<void> {
        const azure::body_sink take = [&texts, number](std::span<const std::byte> piece) -> awaitable<void> {
            texts[number] += text_of(piece);
            co_return;
        };
        co_await read_month(files, months[number], take);
    };
    co_await async::for_each_bounded(months.size(), months_at_a_time, fetch);
    for (std::size_t number = 0; number < months.size(); ++number) {
        reader.begin(months[number].name);
        reader.take(texts[number]);
    }
}

} // namespace

awaitable<ledger_state> ledger::read(std::string since) {
    auto months = co_await lake_.bookkeeping();
    std::erase_if(months, [](const auto& month) { return month_of(month.name).empty(); });
    month_reader reader(since);
    for (std::span<const azure::blob_properties> left(months); !left.empty();) {
        const auto together = left.first(read_together(left));
        left = left.subspan(together.size());
        if (together.size() == 1)
            co_await read_one(lake_, together.front(), reader);
        else
            co_await read_many(lake_, together, reader);
    }
    co_return std::move(reader).known();
}

} // namespace lake
