// A publishing write that leaves a file's bytes as they are, and changes its mark.
// Tested by tests/unit/lake/write/pending_file_test.cpp and
// tests/unit/archive/settle/publisher_writes_test.cpp.
#pragma once

#include "lake/folder/file_store.hpp"
#include "lake/write/conditional_write.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lake {

struct mark_write {
    // What it means that the service knows no such file.
    enum class where_gone : std::uint8_t {
        is_looked_at, // as after any answer that is not clear
        conflicts,    // somebody else has removed it
    };
    std::string doing; // "finalising 'events_2024-01-01.csv'", for messages
    std::string name;
    azure::metadata values;
    azure::etag version; // of the file whose mark it was
    where_gone gone = where_gone::is_looked_at;
    std::string_view point_before; // fault points around each try
    std::string_view point_behind;
    std::function<awaitable<conditional_write::observed>()> look;
};

// As write_until_known.
[[nodiscard]] awaitable<azure::etag> write_mark(file_store& files, async::retry_context& retries,
                                                mark_write write);

// A look: the file is as written if `is_written` says so, and as before if it is still that `version`.
[[nodiscard]] awaitable<conditional_write::observed>
look_for_write(file_store& files, std::string name, azure::etag version,
               std::function<bool(const listed_file&)> is_written);

} // namespace lake
