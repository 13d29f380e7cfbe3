#include "exports/sink/file_writer.hpp"

#include "azure/blob/crc64.hpp"

#include <utility>

namespace exports {

namespace {

// Compressing row by row would cost more for the calls than for the rows.
constexpr std::size_t text_at_once = std::size_t{64} << 10;

} // namespace

file_writer::file_writer(draft& target, counting how)
    : target_(target)
    , store_([this](std::span<const std::byte> bytes) {
        block_.insert(block_.end(), bytes.begin(), bytes.end());
    })
    , block_size_(target.block_size()) {
    if (how == counting::rows)
        scanner_.emplace([](std::string_view) {});
    text_.reserve(text_at_once);
    compressor_.begin_part(member_, store_);
}

void file_writer::add(std::string_view message) {
    ++messages_;
    if (scanner_)
        scanner_->feed(message);
    text_ += message;
    if (text_.size() >= text_at_once)
        compress();
}

void file_writer::compress() {
    compressor_.write(member_, std::as_bytes(std::span(text_)), store_);
    if (text_.capacity() > 2 * text_at_once) // the memory of one large row is not kept
        text_ = std::string();
    text_.clear();
}

awaitable<void> file_writer::write() {
    auto block = std::exchange(block_, {});
    block_.reserve(block_size_);
    bytes_ += block.size();
    crc_ = azure::crc64(crc_, block);
    co_await target_.write(std::move(block));
    block_size_ = target_.block_size();
}

awaitable<void> file_writer::finish() {
    if (scanner_)
        scanner_->finish();
    compress();
    compressor_.end_part(store_);
    csv::gzip_compressor::end_member(member_, store_);
    co_await write();
    co_await target_.finish();
}

} // namespace exports
