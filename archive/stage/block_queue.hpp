// Bytes of day files in, staged blocks out. A full block goes to a queue that a few uploaders empty. Blocks
// lie in pages of one pool, and the pool running dry is what slows the readers.
// Tested by tests/unit/archive/stage/waiting_rows_test.cpp.
#pragma once

#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_context.hpp"
#include "async/condition.hpp"
#include "csv/gzip.hpp"
#include "lake/folder/block_room.hpp"
#include "lake/write/block_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace archive {

class block_queue {
  public:
    // Both must outlive it. `files`: all whose blocks may be cut off early where memory is short.
    block_queue(const async::asio::any_io_executor& executor, const staging_context& context,
                const day_files& files)
        : context_(context)
        , files_(files)
        , changed_(executor) {}

    // What blocks are cut from.
    [[nodiscard]] lake::block_memory memory() const noexcept;
    // Sets the size of the file's next block; again after each block.
    void set_target(day_file& file) const noexcept;

    // Appends all of `bytes`, or returns false and has done nothing: then await `store_when_possible`.
    [[nodiscard]] bool try_store(day_file& file, std::string_view bytes) {
        if (!file.open.content.try_append(bytes))
            return false;
        if (file.open.content.size() >= file.open.target)
            seal(file);
        return true;
    }
    // Workers that find no room wait in a line.
    [[nodiscard]] awaitable<void> store_when_possible(day_file& file, std::string_view bytes);
    // True if `try_store` would take the room that those in the line wait for: otherwise a large row would
    // never get in. If this only asked whether a worker waits, workers that once had to wait would wait for
    // each other at each row, even with enough room.
    [[nodiscard]] bool would_overtake(std::size_t bytes) const noexcept {
        return line_.head != line_.end &&
               context_.pages.pages_left() < line_.pages + lake::block_buffer::pages_at_most(bytes);
    }

    // The file's open block goes to the queue as it is, unless it is empty.
    void seal(day_file& file);
    // No more blocks: uploaders end once the queue is empty.
    void close();
    // One uploader; run a few beside the readers.
    [[nodiscard]] awaitable<void> upload();

  private:
    struct sealed_block {
        day_file* file;
        std::string id;
        lake::block_buffer content;
        std::uint64_t rows; // about how many begin in it
    };
    struct waiting_line {
        std::uint64_t end = 0;
        std::uint64_t head = 0;
        std::size_t pages = 0; // for all of them
    };

    [[nodiscard]] lake::block_buffer compressed(day_file& file);
    [[nodiscard]] day_file* fullest() const;

    const staging_context& context_;
    const day_files& files_;
    std::deque<sealed_block> queue_;
    async::condition changed_;
    std::size_t unfinished_ = 0; // blocks queued or on the wire
    waiting_line line_;
    std::optional<csv::gzip_compressor> compressor_;
    bool closed_ = false;
};

} // namespace archive
