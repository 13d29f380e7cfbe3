#include "archive/stage/other_kind.hpp"

#include "archive/stage/known_content.hpp"
#include "archive/stage/remember_rows.hpp"
#include "archive/table/file_header.hpp"
#include "lake/content/content_check.hpp"
#include "lake/folder/treatment.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace archive {

namespace {

// A file without a mark is checked like one that we append to, and its rows are remembered: it may be ours
// and have lost its mark.
awaitable<void> judge_other(staging_tools& tools, day_file& there, const lake::listed_file& source) {
    there.adopted = true;
    if (tools.context.judge_others) // a restore of the day takes the rows of both
        co_await tools.context.judge_others(source);
    const auto held = co_await tools.records.content_of(source);
    std::optional<known_content> known;
    if (held)
        known.emplace(*held, tools.header);
    const auto keep = [&](std::string_view row) {
        if (known)
            known->row(row);
        remember_row_of_others(tools, there, row);
    };
    const auto expected = expected_of(tools.context.table, there.which());
    lake::content_check seen(there.name, there.compressed(), expected, keep,
                             tools.context.lake.row_limit(source));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (known)
            known->feed(bytes);
        seen.feed(bytes);
        co_return;
    };
    co_await tools.context.lake.read(there.name, source.properties.etag, 0, take);
    seen.finish();
    const auto record = record_of(seen, tools.header_crc, there.compressed());
    if (known && !known->is_there())
        must_be_compressed_again(tools.context.log, source, record.rows, *held);
    there.untouched = record;
    there.base = record;
}

} // namespace

void open_other(const staging_context& context, day_file& file, const lake::listed_file& other) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto treated = lake::choose_treatment(other.properties, other.mark, context.lake.where(), now);
    if (treated.because)
        throw lake::refused(other.properties.name, "read for rows that came back, and marked",
                            *treated.because);
    file.other = std::make_unique<day_file>(other.key(), other.properties.name, context.nonce, context.pages);
    auto& there = *file.other;
    there.existing = other.properties;
    if (other.mark.mark)
        there.restored = other.mark.mark->restored;
    there.whole_day = file.whole_day;
}

awaitable<void> remember_rows_of_other(staging_tools& tools, day_file& file, const lake::listed_file& other) {
    const auto& context = tools.context;
    const auto& mark = other.mark.mark;
    if (!mark) {
        open_other(context, file, other);
        co_return co_await judge_other(tools, *file.other, other);
    }
    const bool doubted = is_doubted(context, other);
    const bool has_grown = mark->now.bytes != other.properties.size; // others added rows
    if (mark->table != context.table.named.in_mark() || (!doubted && !mark->restored && !has_grown))
        co_return;
    open_other(context, file, other);
    file.other->adopted = !mark->restored && has_grown;
    const auto record = co_await remember_rows_in(tools, *file.other, other);
    file.other->doubted = doubted;
    file.other->untouched = is_as_marked(other) ? mark->now : record;
    file.other->base = file.other->untouched;
}

} // namespace archive
