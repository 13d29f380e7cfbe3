#include "archive/look/day_printer.hpp"

#include "archive/look/inventory.hpp"
#include "archive/table/condition.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "lake/ledger/ledger.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Enough for few round trips to PostgreSQL, and little beside the buffers of its answers.
constexpr std::size_t batch_bytes = std::size_t{1} << 20;
constexpr std::size_t batch_rows = 20'000;
constexpr std::string_view verify_hint = "`event-archiver verify` tells more.";

async::error other_columns(std::string_view name, std::string_view before) {
    return {failure::precondition, fmt::format("'{}' has other columns than '{}'", name, before),
            "One CSV has one header: print the days before and after with a command each."};
}

async::error malformed(std::string_view name, std::string_view why) {
    return {failure::integrity, fmt::format("'{}' cannot be printed: {}", name, why),
            std::string(verify_hint)};
}

// Ends the reading of a file once the reader of the output is gone.
struct reader_left {};

// Throws if the marks say that two files have different headers: before a row is printed.
void must_have_one_header(std::optional<lake::listed_file>& first, const lake::listed_file& file,
                          const readable_part& part) {
    if (!part.recorded || part.recorded->header == 0)
        return;
    if (!first)
        first = file;
    else if (first->mark.mark->now.header != part.recorded->header)
        throw other_columns(file.properties.name, first->properties.name);
}

// Whether rows of a pending tail are not in the part of the file that is read.
bool leaves_rows_out(const lake::listed_file& file, const std::optional<readable_part>& part) noexcept {
    if (!file.mark.mark || (part && !part->recorded))
        return false;
    return file.mark.mark->now.rows > (part ? part->recorded->rows : 0);
}

// Of one day. Two files of ours share no row.
void warn_of_two(async::log& log, const lake::listed_file& one, const lake::listed_file& other) {
    if (one.mark.mark.has_value() == other.mark.mark.has_value())
        return;
    const auto& theirs = one.mark.mark ? other : one;
    const auto& ours = one.mark.mark ? one : other;
    log.warn("day.of_two_writers", "others have put a file beside a day's: rows of both are printed twice",
             {{"blob", theirs.properties.name},
              {"beside", ours.properties.name},
              {"hint", "`event-archiver verify` tells which rows both have."}});
}

} // namespace

day_printer::day_printer(cat_context context, cat_request request, line_sink sink)
    : context_(context)
    , request_(std::move(request))
    , sink_(std::move(sink)) {}

awaitable<void> day_printer::print() {
    if (!request_.where.empty())
        must_be_condition(request_.where);
    co_await choose();
    context_.report.enter(run_phase::verifying);
    if (request_.where.empty())
        co_await print_all(nullptr);
    else
        co_await db::with_session(context_.database,
                                  [this](db::connection& session) { return print_matching(session); });
    if (wanted_ && !altered_.empty())
        throw async::error(failure::integrity, altered_, std::string(verify_hint));
}

awaitable<void> day_printer::print_matching(db::connection& session) {
    table_ = co_await resolve_table(session, context_.settings.table);
    row_filter filter(session, request_.where);
    filter.know(types_);
    co_await print_all(&filter);
}

awaitable<void> day_printer::choose() {
    // The ledger is read before the listing, so that a file which is archived in between is not missed.
    lake::ledger book(context_.lake);
    const auto known = co_await book.read();
    types_ = known.types();
    auto present = co_await context_.lake.present_files();
    if (!present)
        throw async::error(failure::precondition,
                           fmt::format("there is no container '{}'", context_.lake.client().container()),
                           "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
    for (const auto& file : differing_from_ledger(*present, request_.days, known, context_.lake.prefix())) {
        altered_ = fmt::format("'{}': {}", file.name, file.note);
        if (file.state == file_state::missing)
            throw async::error(
                failure::integrity, altered_,
                "Nothing was printed. Leave that day out, or look with `event-archiver verify`.");
    }
    present_ = *std::move(present);
    std::vector<std::string> unsettled; // files with rows that are left out
    std::optional<lake::listed_file> first;
    for (const auto& key : present_.keys_in(request_.days)) {
        const auto file = present_.unpacked(key).value();
        if (!file.mark.mistake.empty())
            throw async::error(
                failure::precondition, fmt::format("'{}': {}", file.properties.name, file.mark.mistake),
                "Which of its rows are committed is not known. Leave that day out, or restore its metadata.");
        const auto part = readable_part_of(file, request_.unsettled);
        if (leaves_rows_out(file, part))
            unsettled.push_back(file.properties.name);
        if (!part)
            continue;
        must_have_one_header(first, file, *part);
        if (!chosen_.empty() && chosen_.back().which == key.which)
            warn_of_two(context_.database.log, present_.unpacked(chosen_.back()).value(), file);
        chosen_.push_back(key);
        context_.report.rows_planned += part->recorded ? part->recorded->rows : 0;
    }
    if (chosen_.empty())
        throw async::error(failure::precondition,
                           fmt::format("there are no archived rows of {}", lake::in_words(request_.days)),
                           !unsettled.empty()
                               ? "There are uncommitted rows: recover them with `event-archiver recover`, or"
                                 " print them too with --pending."
                               : "`event-archiver list` shows the days there are.");
    if (!unsettled.empty())
        context_.database.log.warn(
            "day.rows_left_out", "rows that are not known to be committed are left out",
            {{"blob", unsettled.front()},
             {"files", unsettled.size()},
             {"hint", "They may be in the table, or in the file alone: `event-archiver recover` finds out;"
                      " --pending prints them."}});
    context_.report.days_planned = chosen_.size();
}

awaitable<void> day_printer::print_all(row_filter* filter) {
    for (const auto& key : chosen_) {
        auto file = present_.unpacked(key).value();
        auto part = readable_part_of(file, request_.unsettled).value();
        const chosen_file chosen{std::move(file), std::move(part)};
        co_await print_file(chosen, filter);
        if (!wanted_)
            co_return;
        ++context_.report.days_staged;
        ++context_.report.days;
    }
}

awaitable<void> day_printer::print_file(const chosen_file& chosen, row_filter* filter) {
    const auto& name = chosen.file.properties.name;
    reading so_far;
    const auto take = [&](std::string_view line) { take_line(chosen, so_far, line); };
    csv::file_scanner scanner(chosen.file.compressed(), take, csv::line_ends::lf_or_crlf,
                              context_.lake.row_limit(chosen.file));
    const azure::body_sink sink = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        so_far.crc = azure::crc64(so_far.crc, bytes);
        so_far.bytes += bytes.size();
        context_.report.bytes_read += bytes.size();
        scanner.give(bytes);
        for (bool more = true; more && wanted_;) {
            try {
                more = scanner.step();
            } catch (const std::invalid_argument& broken) {
                throw malformed(name, broken.what());
            }
            if (batch_.text.size() >= batch_bytes || batch_.size() >= batch_rows)
                co_await hand_over(chosen, filter);
        }
        if (!wanted_)
            throw reader_left();
    };
    if (chosen.part.end > 0) {
        bool left = false;
        try {
            co_await context_.lake.read_range(name, chosen.file.properties.etag, 0, chosen.part.end, sink);
            scanner.finish();
        } catch (const std::invalid_argument& broken) {
            throw malformed(name, broken.what());
        } catch (const reader_left&) {
            left = true;
        }
        if (left)
            co_return;
    }
    co_await hand_over(chosen, filter);
    const auto rows = so_far.lines > 0 ? so_far.lines - 1 : 0;
    const auto& recorded = chosen.part.recorded;
    if (recorded && (recorded->crc != so_far.crc || recorded->rows != rows))
        throw malformed(name,
                        fmt::format("{} rows with CRC-64 {:016x} were recorded, {} with {:016x} are there",
                                    recorded->rows, recorded->crc, rows, so_far.crc));
}

void day_printer::take_line(const chosen_file& chosen, reading& so_far, std::string_view line) {
    if (so_far.lines++ == 0)
        return take_header(chosen.file, line);
    ++context_.report.rows_read;
    if (!csv::ends_in_crlf(line) && line.ends_with('\n'))
        return batch_.add(line);
    // As COPY ends it.
    std::string ended(line.substr(0, line.size() - (csv::ends_in_crlf(line) ? 2 : 0)));
    ended.push_back('\n');
    batch_.add(ended);
}

void day_printer::take_header(const lake::listed_file& file, std::string_view line) {
    std::string given(csv::without_byte_order_mark(line));
    while (given.ends_with('\n') || given.ends_with('\r'))
        given.pop_back();
    given.push_back('\n');
    if (header_.empty()) {
        header_ = std::move(given);
        header_of_ = file.properties.name;
    } else if (header_ != given) {
        throw other_columns(file.properties.name, header_of_);
    }
}

awaitable<void> day_printer::hand_over(const chosen_file& chosen, row_filter* filter) {
    std::string lines;
    if (!header_printed_ && !header_.empty()) {
        if (filter != nullptr)
            co_await filter->describe(table_, csv::split_row(header_));
        header_printed_ = true;
        lines = header_;
    }
    if (batch_.size() > 0 && filter != nullptr) {
        const auto& recorded = chosen.part.recorded;
        const rows_origin from{chosen.file.properties.name, recorded ? &*recorded : nullptr};
        const auto numbers = co_await filter->matching(batch_, from);
        for (const auto number : numbers)
            lines += batch_.row(number);
        context_.report.rows += numbers.size();
    } else {
        lines += batch_.text;
        context_.report.rows += batch_.size();
    }
    batch_.clear();
    context_.report.bytes += lines.size();
    if (!lines.empty())
        wanted_ = co_await sink_(std::move(lines));
}

} // namespace archive
