#include "archive/run/archive/file_trial.hpp"

#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "csv/field_ends.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/folder/treatment.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Enough for few round trips to PostgreSQL, and little beside the buffers of its answers.
constexpr std::size_t asked_bytes = std::size_t{256} << 10;
constexpr std::size_t asked_rows = 5'000;
// The first few duplicates tell as much as all.
constexpr std::size_t suspects_max = 16;
constexpr std::uint64_t row_bytes_least = 16; // where nothing tells how many rows a file has

async::error cannot_be_read_again(std::string_view name, std::string_view why, std::uint64_t row,
                                  std::uint64_t byte) {
    return lake::refused(
        name, "appended to",
        {failure::precondition,
         fmt::format("`restore` could not bring its rows back: {}, in row {}, at byte {}", why, row, byte),
         "Others wrote this row. Correct it, or move the file away; the new rows then begin a new one."});
}

} // namespace

file_trial::file_trial(const async::asio::any_io_executor& executor, const run_context& context,
                       const run_transaction& opened)
    : context_(context)
    , opened_(opened)
    , taker_(opened.session, opened.table)
    , judging_(executor)
    , ends_(opened.table.columns.size()) {}

awaitable<void> file_trial::must_be_restorable(const lake::listed_file& file) {
    const auto mine = co_await judging_.lock();
    co_await judge(file);
}

awaitable<void> file_trial::judge(const lake::listed_file& file) {
    co_await taker_.describe();
    rows_.clear();
    places_.clear();
    suspects_.clear();
    const auto values =
        file.properties.size / row_bytes_least * std::max<std::size_t>(taker_.unique().size(), 1);
    const auto slots = fingerprint_set::slots_for(values);
    const auto bytes =
        std::min<std::uint64_t>(fingerprint_set::bytes_for(slots), context_.pages.budget_bytes() / 8);
    struct share {
        async::page_pool& pages;
        std::size_t bytes;
        share(async::page_pool& pool, std::size_t size)
            : pages(pool)
            , bytes(size) {
            pages.set_aside(bytes);
        }
        share(const share&) = delete;
        share& operator=(const share&) = delete;
        ~share() { pages.take_back(bytes); }
    };
    const share mine(context_.pages, static_cast<std::size_t>(bytes));
    seen_.emplace(std::min<std::uint64_t>(slots, bytes / fingerprint_set::bytes_for(1)));
    const row_sink both = [this](std::string_view row, place at) {
        rows_.add(row);
        places_.push_back(at);
        note_unique(row, at);
    };
    co_await read(file, both);
    const row_sink keys = [this](std::string_view row, place at) { note_unique(row, at); };
    while (suspects_.empty() && seen_->next_pass())
        co_await read(file, keys);
    seen_.reset();
    co_await must_be_unique(file);
}

awaitable<void> file_trial::read(const lake::listed_file& file, row_sink take) {
    const auto& name = file.properties.name;
    const auto expected = expected_of(opened_.table, file.key().which);
    const lake::content_check* reading = nullptr;
    const auto keep = [&](std::string_view row) {
        std::string ended;
        if (!row.ends_with('\n'))
            row = ended = fmt::format("{}\n", row);
        take(row, {reading->lines(), reading->offset()});
    };
    lake::content_check seen(name, file.compressed(), expected, keep, context_.lake.row_limit(file));
    reading = &seen;
    const azure::body_sink feed = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        seen.give(bytes);
        for (bool more = true; more;) {
            more = seen.step();
            if (rows_.text.size() >= asked_bytes || rows_.size() >= asked_rows)
                co_await ask(file);
        }
    };
    co_await context_.lake.read(name, file.properties.etag, 0, feed);
    seen.finish();
    co_await ask(file);
}

awaitable<void> file_trial::ask(const lake::listed_file& file) {
    if (rows_.size() == 0)
        co_return;
    const auto unfit = co_await taker_.first_unfit(rows_);
    if (unfit)
        throw cannot_be_read_again(file.properties.name, unfit->description, places_[unfit->number].row,
                                   places_[unfit->number].byte);
    rows_.clear();
    places_.clear();
}

// NULL differs from NULL in most unique indexes. Where it does not, it is written as no text can be.
std::optional<std::string> file_trial::value_of(std::size_t index, std::string_view row) {
    csv::find_field_ends(row, ends_);
    std::vector<std::string> fields;
    for (const auto position : taker_.unique()[index].positions) {
        const auto raw = csv::raw_field(row, ends_, position);
        if (raw.empty() && !taker_.unique()[index].nulls_are_equal)
            return std::nullopt;
        fields.emplace_back(raw.empty() ? std::string_view("\0", 1) : csv::unquoted(raw, storage_));
    }
    return joined_key(fields);
}

void file_trial::note_unique(std::string_view row, place at) {
    for (std::size_t index = 0; index < taker_.unique().size(); ++index) {
        auto value = value_of(index, row);
        if (!value)
            continue;
        const auto hash = lake::key_hash(fmt::format("{} {}", index, *value));
        if (seen_->insert(hash) == fingerprint_set::outcome::present && suspects_.size() < suspects_max)
            suspects_.push_back({index, std::move(*value), at});
    }
}

// A hash that two values share is no duplicate.
awaitable<void> file_trial::must_be_unique(const lake::listed_file& file) {
    if (suspects_.empty())
        co_return;
    std::optional<async::error> twice;
    const row_sink look = [&](std::string_view row, place at) {
        if (twice)
            return;
        for (const auto& each : suspects_) {
            if (at.row >= each.at.row || value_of(each.index, row) != each.value)
                continue;
            twice = cannot_be_read_again(
                file.properties.name,
                fmt::format("a row has the same '{}' as row {}, and {} may have it once",
                            taker_.unique()[each.index].names, at.row, opened_.table.name),
                each.at.row, each.at.byte);
            return;
        }
    };
    co_await read(file, look);
    if (twice)
        throw async::error(*twice);
}

awaitable<void> judge_files_of_others(const run_context& context, const archive_transaction& work,
                                      const std::vector<const lake::listed_file*>& existing) {
    const auto executor = co_await async::asio::this_coro::executor;
    file_trial trial(executor, context, work.opened);
    if (work.plan.how != reading::by_day) {
        for (const auto* file : existing)
            if (file->properties.type == azure::blob_type::append)
                co_await trial.must_be_restorable(*file);
        co_return;
    }
    const auto& known = work.opened.files;
    for (const auto& planned : work.plan.days)
        for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
            const lake::file_key key{planned.which, kind};
            const auto* const found = known.find(key);
            const bool of_others = found != nullptr && !is_as_marked(*found);
            // Nothing is added to the file of the other kind: one with a mark is not looked into.
            if (of_others &&
                (!found->mark.mark || key == choose_file(planned.which, context.settings.compression, known)))
                co_await trial.must_be_restorable(*found);
        }
}

} // namespace archive
