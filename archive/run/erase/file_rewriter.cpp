#include "archive/run/erase/file_rewriter.hpp"

#include "archive/table/row_key.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "azure/blob/block_id.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/gzip.hpp"
#include "lake/conflict.hpp"
#include "lake/write/block_stream.hpp"
#include "lake/write/conditional_write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::fault_point;

namespace {

// The rows that stay, on their way into blocks, compressed where the file is.
class kept_rows {
  public:
    kept_rows(const run_context& context, const lake::listed_file& file, std::string encryption_scope,
              std::size_t id_length)
        : blocks_(context.lake, context.pages, file.properties.name, context.new_nonce(),
                  std::move(encryption_scope), id_length) {
        if (file.compressed())
            compressor_.emplace();
    }

    [[nodiscard]] awaitable<void> write(std::string_view text) {
        if (text.empty())
            co_return;
        std::string stored;
        if (compressor_) {
            csv_crc_ = azure::crc64(csv_crc_, lake::bytes_of(text));
            const csv::gzip_compressor::byte_sink store = [&stored](std::span<const std::byte> bytes) {
                stored += lake::text_of(bytes);
            };
            compressor_->begin_part(member_, store);
            compressor_->write(member_, lake::bytes_of(text), store);
            compressor_->end_part(store);
            text = stored;
        }
        co_await blocks_.write(lake::bytes_of(text));
    }

    [[nodiscard]] awaitable<void> finish() {
        std::string stored;
        if (member_.begun) {
            const csv::gzip_compressor::byte_sink store = [&stored](std::span<const std::byte> bytes) {
                stored += lake::text_of(bytes);
            };
            csv::gzip_compressor::end_member(member_, store);
        }
        if (!stored.empty())
            co_await blocks_.write(lake::bytes_of(stored));
        co_await blocks_.finish();
    }

    [[nodiscard]] const std::vector<std::string>& ids() const noexcept { return blocks_.ids(); }
    [[nodiscard]] lake::file_record record() const {
        lake::file_record record;
        record.bytes = blocks_.bytes();
        record.uncompressed = compressor_ ? member_.size : 0;
        record.csv_crc = csv_crc_;
        record.blocks = blocks_.ids().size();
        record.crc = blocks_.crc();
        record.ids = lake::crc_of_ids(blocks_.ids());
        return record;
    }

  private:
    lake::block_stream blocks_;
    std::optional<csv::gzip_compressor> compressor_;
    csv::gzip_member member_;
    std::uint64_t csv_crc_ = 0; // of a compressed file
};

// Which rows stay, and which of them the mark keeps as evidence.
struct sorting {
    std::optional<lake::sampled_row> sample;
    bool sample_goes = false;
    std::optional<std::string> first; // of the rows that stay
    std::uint64_t rows = 0;           // that stay
    std::string text;                 // of those of the batch at hand

    void sort(const judged_rows& judged, const std::vector<std::string>& columns) {
        text.clear();
        auto next = judged.matching.begin();
        for (std::size_t number = 0; number < judged.rows.size(); ++number) {
            const auto row = judged.rows.row(number);
            if (next != judged.matching.end() && *next == number) {
                ++next;
                sample_goes = sample_goes || (sample && is_sampled(*sample, columns, row));
                continue;
            }
            if (rows++ == 0)
                first = row;
            text += row;
        }
    }
};

} // namespace

lake::file_mark mark_after_erasing(const lake::file_mark& before, const lake::file_record& left,
                                   const db::transaction_mark& author) {
    lake::file_mark mark = before;
    mark.now.bytes = left.bytes;
    mark.now.uncompressed = left.uncompressed;
    // It may have rows that are not as COPY writes them.
    mark.now.csv_crc = before.now.csv_crc != 0 ? left.csv_crc : 0;
    mark.now.rows = left.rows;
    mark.now.blocks = left.blocks;
    mark.now.crc = left.crc;
    mark.now.ids = left.ids;
    mark.now.sample = left.sample;
    mark.now.run = author.run;
    mark.now.transaction = author.transaction;
    mark.now.position = author.position;
    // The new position claims that the server has every commit whose rows are in the file. If the old
    // position is of another history, that may be false.
    if (db::compare_histories(before.now.position, author.position) != db::history::same && !mark.restored)
        mark.restored = lake::restored_mark{author, left.rows};
    if (mark.restored) {
        mark.restored->rows = std::min(mark.restored->rows, left.rows);
        mark.restored->day_rows.reset(); // some of them went
    }
    if (left.rows == 0) {
        mark.restored.reset();
        mark.held_until.clear();
    }
    return mark;
}

std::optional<lake::sampled_row> sample_of(const table_description& table,
                                           const std::vector<std::string>& columns, std::string_view row) {
    lake::sampled_row sample;
    std::size_t names = 0;
    std::size_t bytes = 0;
    for (const auto& key : table.keys) {
        if (std::ranges::find(columns, key.name) == columns.end())
            return std::nullopt;
        sample.key_columns.push_back(key.name);
        names += key.name.size();
    }
    sample.key = row_key(table, columns).fields_of(row);
    for (const auto& field : sample.key)
        bytes += field.size();
    if (bytes > lake::sample_bytes_max || names > lake::sample_names_max)
        return std::nullopt;
    sample.row_crc = row_crc(row);
    return sample;
}

bool is_sampled(const lake::sampled_row& sample, const std::vector<std::string>& columns,
                std::string_view row) {
    const auto fields = csv::split_row(row);
    for (std::size_t index = 0; index < sample.key_columns.size() && index < sample.key.size(); ++index) {
        const auto found = std::ranges::find(columns, sample.key_columns[index]);
        const auto at = static_cast<std::size_t>(found - columns.begin());
        if (at >= fields.size() || fields[at] != sample.key[index])
            return false;
    }
    return true;
}

awaitable<rewritten_file> file_rewriter::rewrite(lake::listed_file file, db::transaction_mark author) {
    const auto content = co_await context_.lake.content_of(file.properties);
    const auto length = co_await id_length(file);
    kept_rows kept(context_, file, content.encryption_scope, length);
    sorting sorted;
    sorted.sample = file.mark.mark->now.sample;
    std::vector<std::string> columns;
    judged_sink sink;
    sink.header = [&kept, &columns](std::string_view line) -> awaitable<void> {
        std::string plain(csv::without_byte_order_mark(line));
        while (plain.ends_with('\n') || plain.ends_with('\r'))
            plain.pop_back();
        columns = csv::split_row(plain);
        co_await kept.write(line);
    };
    sink.rows = [&kept, &columns, &sorted](judged_rows judged) -> awaitable<void> {
        sorted.sort(judged, columns);
        co_await kept.write(sorted.text);
    };
    rewritten_file done;
    done.read = co_await judge_.read(file, std::move(sink));
    co_await kept.finish();
    fault_point("erase-staged");
    auto left = kept.record();
    left.rows = sorted.rows;
    left.sample = sorted.sample_goes ? std::nullopt : sorted.sample;
    if (sorted.sample_goes && sorted.first)
        left.sample = sample_of(table_, columns, *sorted.first);
    if (left.rows + done.read.matching != done.read.content.rows)
        throw async::error(async::failure::internal, "rows were lost while a file was written again");
    done.mark = mark_after_erasing(*file.mark.mark, left, author);
    done.etag = co_await async::shielded(commit(file, kept.ids(), content, done.mark));
    co_return done;
}

// All ids of a blob have one length.
awaitable<std::size_t> file_rewriter::id_length(const lake::listed_file& file) {
    const auto blocks = co_await context_.lake.committed_blocks(file.properties.name);
    if (!blocks || blocks->etag != file.properties.etag)
        throw lake::conflict(fmt::format("'{}' was changed by somebody else", file.properties.name));
    co_return blocks->committed.empty() ? azure::block_ids::raw_length_default
                                        : azure::raw_length(blocks->committed.front().id);
}

awaitable<azure::etag> file_rewriter::commit(const lake::listed_file& file,
                                             const std::vector<std::string>& ids,
                                             const azure::content_headers& content,
                                             const lake::file_mark& mark) {
    const auto& name = file.properties.name;
    const auto values = lake::metadata_with(mark, file.properties.metadata);
    const auto when = azure::condition::match(file.properties.etag);
    lake::conditional_write write;
    write.doing = fmt::format("erasing rows of '{}'", name);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-erase");
        const auto done = co_await context_.lake.put_block_list(name, ids, content, values, when);
        fault_point("after-erase");
        co_return done.etag;
    };
    write.look = [&]() -> awaitable<lake::conditional_write::observed> {
        const auto now = co_await context_.lake.look(name);
        auto state = lake::blob_state::otherwise;
        if (now && now->mark.mark && now->mark.mark->now == mark.now)
            state = lake::blob_state::as_written;
        else if (now && now->properties.etag == file.properties.etag)
            state = lake::blob_state::as_before;
        co_return lake::conditional_write::observed{state, now ? now->properties.etag : azure::etag()};
    };
    co_return co_await lake::write_until_known(context_.retries, std::move(write));
}

} // namespace archive
