#include "archive/run/erase/file_judge.hpp"

#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Enough for few round trips to PostgreSQL, and little beside the buffers of its answers.
constexpr std::size_t judged_bytes = std::size_t{1} << 20;
constexpr std::size_t judged_count = 20'000;

async::error cannot_be_judged(std::string_view name, std::string_view why) {
    return {failure::integrity, fmt::format("'{}' cannot be read: {}", name, why),
            "Nothing of this file was erased. `event-archiver verify` tells more."};
}

void must_be_as_recorded(const lake::listed_file& file, const file_content& seen) {
    if (!is_as_marked(file))
        return;
    const auto& recorded = file.mark.mark->now;
    if (recorded.crc != seen.crc || recorded.rows != seen.rows)
        throw cannot_be_judged(
            file.properties.name,
            fmt::format("{} rows with CRC-64 {:016x} were recorded, {} with {:016x} are there", recorded.rows,
                        recorded.crc, seen.rows, seen.crc));
}

} // namespace

awaitable<judged_file> file_judge::read(lake::listed_file file, judged_sink sink,
                                        const lake::file_record* recorded) {
    const auto name = file.properties.name;
    seen_ = {};
    known_.reset();
    // Of a compressed file of which its bytes alone are recorded, nothing is known: others may have
    // compressed it otherwise.
    if (recorded != nullptr && !(file.compressed() && recorded->csv_crc == 0))
        known_.emplace(*recorded, std::string_view());
    header_.clear();
    header_due_ = false;
    lines_ = 0;
    rows_.clear();
    asked_.clear();
    const auto take = [this](std::string_view line) { take_line(line); };
    csv::file_scanner scanner(file.compressed(), take, csv::line_ends::lf_or_crlf,
                              context_.lake.row_limit(file));
    const azure::body_sink feed = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        seen_.content.crc = azure::crc64(seen_.content.crc, bytes);
        seen_.content.bytes += bytes.size();
        if (known_)
            known_->feed(bytes);
        context_.report.bytes_read += bytes.size();
        scanner.give(bytes);
        for (bool more = true; more;) {
            try {
                more = scanner.step();
            } catch (const std::invalid_argument& broken) {
                throw cannot_be_judged(name, broken.what());
            }
            if (asked_.text.size() >= judged_bytes || asked_.size() >= judged_count)
                co_await hand_over(file, sink);
        }
    };
    co_await context_.lake.read(name, file.properties.etag, 0, feed);
    try {
        scanner.finish();
    } catch (const std::invalid_argument& broken) {
        throw cannot_be_judged(name, broken.what());
    }
    co_await hand_over(file, sink);
    seen_.content.rows = lines_ > 0 ? lines_ - 1 : 0;
    seen_.begins_as_recorded = !known_ || known_->is_there();
    must_be_as_recorded(file, seen_.content);
    co_return std::move(seen_);
}

void file_judge::take_line(std::string_view line) {
    if (known_) {
        auto row = lines_ == 0 ? csv::without_byte_order_mark(line) : line;
        while (row.ends_with('\n') || row.ends_with('\r'))
            row.remove_suffix(1);
        known_->row(row);
    }
    if (lines_++ == 0) {
        header_ = line;
        header_due_ = true;
        return;
    }
    ++context_.report.rows_read;
    rows_.add(line);
    if (!csv::ends_in_crlf(line) && line.ends_with('\n'))
        return asked_.add(line);
    std::string ended(line.substr(0, line.size() - (csv::ends_in_crlf(line) ? 2 : 0)));
    ended.push_back('\n');
    asked_.add(ended);
}

awaitable<void> file_judge::hand_over(const lake::listed_file& file, const judged_sink& sink) {
    if (std::exchange(header_due_, false)) {
        std::string plain(csv::without_byte_order_mark(header_));
        while (plain.ends_with('\n') || plain.ends_with('\r'))
            plain.pop_back();
        try {
            seen_.columns = csv::split_row(plain);
        } catch (const std::invalid_argument& broken) {
            throw cannot_be_judged(file.properties.name, broken.what());
        }
        if (plain != described_)
            co_await filter_.describe(table_, seen_.columns);
        described_ = plain;
        if (sink.header)
            co_await sink.header(header_);
    }
    if (asked_.size() == 0)
        co_return;
    const rows_origin from{file.properties.name, file.mark.mark ? &file.mark.mark->now : nullptr};
    const auto numbers = co_await filter_.matching(asked_, from);
    seen_.matching += numbers.size();
    const judged_rows judged{rows_, numbers};
    if (sink.rows)
        co_await sink.rows(judged);
    rows_.clear();
    asked_.clear();
}

} // namespace archive
