// Where exported files go: a directory or a folder of the lake. Both keep one promise: a file is safe before
// COMMIT, bears the number of the transaction it depends on until that is decided, and replaces no file.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "exports/sink/mark.hpp"
#include "exports/task/file_name.hpp"
#include "lake/lease/folder_lease.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace exports {

using async::awaitable;

// A file that others may see.
struct stored_file {
    std::string name;
    std::uint64_t bytes = 0;
    std::chrono::sys_seconds changed;
    bool pending = false; // the fate of its transaction is open; a directory shows no such file
    std::string version;  // changes with the bytes: an ETag, or made of the file's facts
};

// A file whose transaction's fate is open, as an earlier run left it.
struct unsettled_file {
    std::string name;  // the one it has or will have
    std::string place; // where the sink keeps its mark
    file_mark mark;
    std::string mistake; // why the mark cannot be read; empty: it can
    std::string version;
};

// A file being written. Readers do not see it until `finalise`, in the lake until `prepare`. The code that
// begins one ends it by `finalise` or `take_back`.
class draft {
  public:
    // Where the file is after COMMIT: under its name, still hidden although it should not be, or gone.
    enum class whereabouts : std::uint8_t { there, hidden, gone };

    draft() = default;
    draft(const draft&) = delete;
    draft& operator=(const draft&) = delete;
    virtual ~draft() = default;

    // The size of the next `write`, unless it is the last.
    [[nodiscard]] virtual std::size_t block_size() const = 0;
    // Appends. Sinks own what they write, so that a cancelled write can end unobserved.
    [[nodiscard]] virtual awaitable<void> write(std::vector<std::byte> bytes) = 0;
    // No more bytes: makes what was written survive a crash of the machine.
    [[nodiscard]] virtual awaitable<void> finish() = 0;
    // From here on the file depends on the mark's transaction. Await it shielded. Throws lake::conflict if
    // somebody else has taken its name meanwhile.
    [[nodiscard]] virtual awaitable<void> prepare(file_mark mark) = 0;
    // Right before COMMIT: throws async::error(temporary) if somebody has removed or replaced the file or its
    // mark since.
    [[nodiscard]] virtual awaitable<void> must_stand() = 0;
    // The transaction is committed: the file stays. If it fails, the next run does it.
    [[nodiscard]] virtual awaitable<void> finalise() = 0;
    // Call it once `finalise` has been tried. Throws async::error if the answer cannot be found out now.
    [[nodiscard]] virtual awaitable<whereabouts> look() = 0;
    // Removes it. Only once the transaction is certainly not committed.
    [[nodiscard]] virtual awaitable<void> take_back() = 0;

    // The file's name, as far as it is known.
    [[nodiscard]] virtual std::string name() const = 0;
};

using byte_sink = std::function<awaitable<void>(std::span<const std::byte>)>;

class sink {
  public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;

    // `first`: the name to take, or the next that is free. Drafts that dead runs of the task left are
    // removed: the caller has settled its files and holds its lock.
    [[nodiscard]] virtual awaitable<std::unique_ptr<draft>> begin(file_name first, std::string nonce) = 0;

    // The finished and pending files of a task, oldest boundary first.
    [[nodiscard]] virtual awaitable<std::vector<stored_file>> files(std::string task) = 0;
    // One of them; nullopt if there is no file of that name.
    [[nodiscard]] virtual awaitable<std::optional<stored_file>> find(std::string name) = 0;
    // Streams bytes [begin, end) of a file that `files` or `find` gave, of exactly that version. The range is
    // not empty and lies within the file.
    [[nodiscard]] virtual awaitable<void> read(stored_file file, std::uint64_t begin, std::uint64_t end,
                                               byte_sink to) = 0;

    // The pending files of all tasks, also of tasks that are no longer on disk.
    [[nodiscard]] virtual awaitable<std::vector<unsettled_file>> unsettled() = 0;
    // The file itself, for `read`; nullopt if it is not there, or not pending any more.
    [[nodiscard]] virtual awaitable<std::optional<stored_file>> file_of(unsettled_file file) = 0;
    // Whether the process that wrote it still works with it, as far as that can be known. Always false if the
    // place has a lease.
    [[nodiscard]] virtual awaitable<bool> in_use(unsettled_file file) = 0;
    // False if there is no file to keep, because somebody has moved or removed it. Its mark stays.
    [[nodiscard]] virtual awaitable<bool> keep(unsettled_file file) = 0;
    // Removes the mark of a file that is gone.
    [[nodiscard]] virtual awaitable<void> forget(unsettled_file file) = 0;
    [[nodiscard]] virtual awaitable<void> remove(unsettled_file file) = 0;

    // The lease of the place, taken before anything is settled or published there; null if it has no lease.
    [[nodiscard]] virtual lake::folder_lease* lease() noexcept { return nullptr; }

    // A clause that says what would keep files from being written now, as far as reading shows it; empty if
    // nothing does.
    [[nodiscard]] virtual awaitable<std::string> obstacle() = 0;

    // For logs: "/exported-data", "lake container/folder".
    [[nodiscard]] virtual const std::string& place() const noexcept = 0;
};

} // namespace exports
