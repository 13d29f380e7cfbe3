#include "events/journal/segments/topic_directory.hpp"

#include "events/journal/error.hpp"
#include "events/journal/segments/durable_position.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace events {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view id_name = "id";
// `check` may hold the lock for an instant: see writer_of.
constexpr std::chrono::milliseconds glance_patience{50};

log_id new_id() {
    std::random_device source;
    log_id id;
    for (auto& byte : id)
        byte = static_cast<std::byte>(source());
    return id;
}

} // namespace

topic_directory::topic_directory(fs::path path)
    : path_(std::move(path)) {
    std::error_code failed;
    if (fs::create_directories(path_, failed) && path_.has_parent_path())
        sync_directory(path_.parent_path());
    if (failed)
        throw file_failure(failed.value(), "making", path_);
    lock_ = file_handle(path_ / "lock", file_handle::mode::create);
    if (!lock_.try_lock()) {
        std::this_thread::sleep_for(glance_patience);
        if (!lock_.try_lock())
            throw_in_use();
    }
    segments_ = segments_in(path_);
    read_id();
}

void topic_directory::throw_in_use() const {
    throw journal_error(journal_failure::in_use,
                        fmt::format("another process writes to '{}'", path_.string()),
                        "One process serves a journal; others may read it.");
}

// A segment that is closed has no lock.
void topic_directory::must_end_with(position last) const {
    const auto now = segments_in(path_);
    if (now.empty() || now.back() != last)
        throw_in_use();
}

void topic_directory::read_id() {
    const auto id_path = path_ / id_name;
    if (!is_there(id_path)) {
        if (!segments_.empty())
            throw journal_error(journal_failure::foreign,
                                fmt::format("'{}' has segments and no file 'id'", path_.string()),
                                "Restore the whole directory from a backup.");
        id_ = new_id();
        write_whole(id_path, to_string(id_) + "\n");
        return;
    }
    constexpr std::size_t id_bytes = 37;
    const auto text = file_handle(id_path, file_handle::mode::read).read(0, id_bytes + 1);
    const auto id =
        text.size() == id_bytes ? log_id_from(std::string_view(text).substr(0, id_bytes - 1)) : std::nullopt;
    if (!id)
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' is not a journal's", id_path.string()));
    id_ = *id;
}

void topic_directory::remove_empty() noexcept {
    std::error_code ignored;
    for (const auto name : {durable_name, id_name, std::string_view("lock")})
        fs::remove(path_ / name, ignored);
    fs::remove(path_, ignored);
}

// The file never says more than was durable when it was written. If the log ends before that, an event that
// was answered is lost.
void topic_directory::must_reach_durable(position end) const {
    const auto path = path_ / durable_name;
    if (!is_there(path))
        return;
    constexpr std::size_t bytes_max = 64;
    const auto durable = decode_durable(file_handle(path, file_handle::mode::read).read(0, bytes_max));
    if (durable && *durable > end)
        throw journal_error(
            journal_failure::damaged,
            fmt::format("'{}' can be read up to position {}, and was durable up to {}", path_.string(), end,
                        *durable),
            "The disk has changed or lost what was written, or the directory was put back in parts. Restore"
            " the whole of it from a backup. To go on without these events, remove the file 'durable'.");
}

void topic_directory::tell_durable(position end) {
    // Readers look at the path: where the file was removed, it is made again.
    if (!durable_.open() || !durable_.is_at_its_path())
        durable_ = file_handle(path_ / durable_name, file_handle::mode::create);
    durable_.write(0, encode_durable(end));
}

} // namespace events
