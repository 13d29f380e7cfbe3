// Finds out which process writes to a topic, without a change to its directory.
// Tested by tests/unit/events/journal/segments/topic_writer_test.cpp.
#pragma once

#include <filesystem>
#include <string_view>
#include <sys/types.h>

namespace events {

struct topic_writer {
    bool is_there = false;
    pid_t process = 0; // 0: not known, because it runs in another container or on another machine
};

// Blocks. Where the kernel does not say who holds the lock, it takes the lock and gives it back at once: a
// server that begins then tries a second time. Throws file_failure.
[[nodiscard]] topic_writer writer_of(const std::filesystem::path& topic);

// The holder of a whole lock (flock) on the file, in the text of /proc/locks; 0: the text names none.
[[nodiscard]] pid_t holder_in(std::string_view locks, dev_t device, ino_t file);

} // namespace events
