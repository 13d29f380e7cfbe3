#include "lake/write/block_stream.hpp"

#include "azure/blob/crc64.hpp"

#include <utility>

namespace lake {

using async::awaitable;

block_stream::block_stream(file_store& files, async::page_pool& pages, std::string name, std::string nonce,
                           std::string encryption_scope, std::size_t id_length)
    : files_(files)
    , pages_(pages)
    , name_(std::move(name))
    , encryption_scope_(std::move(encryption_scope))
    , next_id_(std::move(nonce), id_length)
    , open_(pages) {}

awaitable<void> block_stream::write(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!open_.try_append(text)) {
        co_await finish();
        if (!open_.try_append(text))
            open_.append_beyond(text);
    }
    const auto memory = pages_.capacity_pages() * async::page_size;
    if (open_.size() >= block_size_target(ids_.size(), memory, 1))
        co_await finish();
}

awaitable<void> block_stream::finish() {
    if (open_.empty())
        co_return;
    ids_.push_back(next_id_.next());
    const auto pieces = open_.pieces();
    co_await files_.put_block(name_, ids_.back(), pieces, open_.crc(), encryption_scope_);
    crc_ = azure::crc64_combine(crc_, open_.crc(), open_.size());
    bytes_ += open_.size();
    open_ = block_buffer(pages_);
}

} // namespace lake
