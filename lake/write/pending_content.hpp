// Whether a file that waits for a transaction still holds what was published: a program that appends to it
// may keep its metadata, and what it added must not be removed with the tail.
// Tested by tests/fault/test_pending_changed.py.
#pragma once

#include "lake/folder/file_store.hpp"

namespace lake {

// The file was changed: nothing of it may be overwritten. The error's kind is integrity.
class pending_changed : public async::error {
  public:
    explicit pending_changed(const listed_file& file);
};

struct pending_blocks {
    std::vector<azure::block> committed;
    bool copied = false; // the same bytes in other blocks, as after a Put Blob or azcopy
};

// The blocks of exactly this version of the file, whose mark is pending. Reads its bytes only where the
// blocks are not those that were published. Throws pending_changed, or conflict if it is another version by
// now.
[[nodiscard]] awaitable<pending_blocks> look_at_pending(lake::file_store& files, listed_file file);

} // namespace lake
