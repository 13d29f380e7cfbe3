#include "exports/sink/directory_sink.hpp"

#include "async/durable_file.hpp"
#include "async/fault_point.hpp"
#include "async/regular_file.hpp"
#include "exports/sink/directory_draft.hpp"
#include "exports/sink/directory_files.hpp"
#include "exports/sink/on_disk.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace exports {

namespace {

namespace fs = std::filesystem;
using async::failure;
using async::fault_point;

constexpr std::size_t read_at_once = std::size_t{256} << 10;

hidden_name hidden_of(const unsettled_file& file) {
    const auto hidden = hidden_name::from_text(file.place);
    if (!hidden)
        throw async::error(failure::internal, "not the place of a mark");
    return *hidden;
}

// A file of one version that is being read.
struct reading {
    fs::path path;
    std::string version;
    async::descriptor file;
    std::vector<std::byte> piece = std::vector<std::byte>(read_at_once);
    std::size_t size = 0;

    reading(fs::path which, std::string wanted)
        : path(std::move(which))
        , version(std::move(wanted)) {}

    void next(std::uint64_t from, std::uint64_t wanted) {
        if (!file.open())
            file = async::open_regular(path, O_RDONLY | O_NOFOLLOW);
        if (!file.open())
            throw async::file_error(errno, "reading", path);
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, piece.size()));
        const auto got = ::pread(file.get(), piece.data(), some, static_cast<off_t>(from));
        if (got < 0 && errno != EINTR)
            throw async::file_error(errno, "reading", path);
        size = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        must_be_that_version();
        if (got == 0)
            throw lake::conflict(fmt::format("'{}' became shorter while it was read", path.string()));
    }

    // After each read: the name may have been given to another file before the first, and the file may have
    // been written to since.
    void must_be_that_version() const {
        struct stat status {};
        if (::fstat(file.get(), &status) != 0)
            throw async::file_error(errno, "looking at", path);
        if (version_of(status) != version)
            throw lake::conflict(
                fmt::format("'{}' was changed by somebody else while it was read", path.string()));
    }
};

} // namespace

directory_sink::directory_sink(fs::path directory, async::helper_thread& writing,
                               async::helper_thread& reading)
    : directory_(std::move(directory))
    , place_(directory_.string())
    , writing_(writing)
    , reading_(reading) {}

awaitable<std::unique_ptr<draft>> directory_sink::begin(file_name first, std::string nonce) {
    struct begun {
        hidden_name hidden;
        std::shared_ptr<part_file> file;
    };
    const auto made = std::make_shared<begun>();
    made->hidden = {std::move(first), nonce.substr(0, 16)};
    std::function<void()> call = [made, directory = directory_] {
        clear_away(directory, made->hidden.name.task);
        made->hidden.name = first_free(directory, made->hidden.name);
        made->file = std::make_shared<part_file>(directory / made->hidden.part());
        try {
            try_showing(directory, made->hidden);
        } catch (const async::error&) {
            discard(directory, made->hidden);
            throw;
        }
    };
    co_await on_disk(writing_, std::move(call));
    fault_point("export-begun");
    co_return std::make_unique<directory_draft>(directory_, made->hidden, made->file, writing_);
}

awaitable<std::vector<stored_file>> directory_sink::files(std::string task) {
    const auto found = std::make_shared<std::map<file_name, stored_file>>();
    std::function<void()> call = [found, directory = directory_, task = std::move(task)] {
        *found = files_of_task(directory, task);
    };
    co_await on_disk(reading_, std::move(call));
    std::vector<stored_file> files;
    for (auto& [name, file] : *found)
        files.push_back(std::move(file));
    co_return files;
}

awaitable<std::optional<stored_file>> directory_sink::find(std::string name) {
    if (!file_name::from_text(name))
        co_return std::nullopt;
    const auto found = std::make_shared<std::optional<stored_file>>();
    std::function<void()> call = [found, directory = directory_, name = std::move(name)] {
        *found = look_at(directory, name);
    };
    co_await on_disk(reading_, std::move(call));
    co_return std::move(*found);
}

awaitable<void> directory_sink::read(stored_file file, std::uint64_t begin, std::uint64_t end, byte_sink to) {
    const auto state = std::make_shared<reading>(directory_ / file.name, file.version);
    for (auto at = begin; at < end; at += state->size) {
        std::function<void()> call = [state, at, end] { state->next(at, end - at); };
        co_await on_disk(reading_, std::move(call));
        if (state->size > 0)
            co_await to(std::span(state->piece).first(state->size));
    }
}

awaitable<std::vector<unsettled_file>> directory_sink::unsettled() {
    const auto found = std::make_shared<std::vector<unsettled_file>>();
    std::function<void()> call = [found, directory = directory_] { *found = marks_in(directory); };
    co_await on_disk(writing_, std::move(call));
    co_return std::move(*found);
}

awaitable<std::optional<stored_file>> directory_sink::file_of(unsettled_file file) {
    const auto found = std::make_shared<std::optional<stored_file>>();
    std::function<void()> call = [found, directory = directory_, file] {
        *found = look_at(directory, hidden_of(file).part());
    };
    co_await on_disk(reading_, std::move(call));
    co_return std::move(*found);
}

awaitable<bool> directory_sink::in_use(unsettled_file file) {
    const auto held = std::make_shared<bool>(false);
    std::function<void()> call = [held, directory = directory_, file] {
        *held = is_in_use(directory, hidden_of(file));
    };
    co_await on_disk(writing_, std::move(call));
    co_return *held;
}

awaitable<bool> directory_sink::keep(unsettled_file file) {
    const auto there = std::make_shared<bool>(true);
    fault_point("export-before-keep");
    std::function<void()> naming = [there, directory = directory_, file] {
        const auto hidden = hidden_of(file);
        if (file.mistake.empty())
            must_be_as_marked(directory, hidden, file.mark);
        // The file may have its name already, with only the mark left.
        *there = show(directory, hidden) || find_shown(directory, hidden, file.mark);
    };
    co_await on_disk(writing_, std::move(naming));
    fault_point("export-kept");
    if (*there)
        co_await forget(std::move(file));
    co_return *there;
}

awaitable<void> directory_sink::forget(unsettled_file file) {
    std::function<void()> forgetting = [directory = directory_, file] {
        exports::forget(directory, hidden_of(file));
    };
    co_await on_disk(writing_, std::move(forgetting));
}

awaitable<void> directory_sink::remove(unsettled_file file) {
    fault_point("export-before-discard");
    std::function<void()> call = [directory = directory_, file] { discard(directory, hidden_of(file)); };
    co_await on_disk(writing_, std::move(call));
    fault_point("export-discarded");
}

awaitable<std::string> directory_sink::obstacle() {
    const auto found = std::make_shared<std::string>();
    std::function<void()> call = [found, directory = directory_] {
        std::error_code unknown;
        if (!fs::is_directory(directory, unknown))
            *found = fmt::format("there is no directory '{}'", directory.string());
        else if (::access(directory.c_str(), W_OK | X_OK) != 0)
            *found = fmt::format("the directory '{}' cannot be written to", directory.string());
    };
    co_await on_disk(reading_, std::move(call));
    co_return std::move(*found);
}

} // namespace exports
