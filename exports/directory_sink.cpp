#include "exports/directory_sink.hpp"

#include "archive/conflict.hpp"
#include "archive/fault_point.hpp"
#include "exports/hidden_name.hpp"
#include "exports/posix_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace exports {

namespace {

namespace fs = std::filesystem;
using archive::fault_point;
using async::failure;

constexpr std::size_t written_at_once = std::size_t{1} << 20;
constexpr std::size_t read_at_once = std::size_t{256} << 10;

// Calls `visit` with each name in the directory.
template <typename Visit>
void for_each_name(const fs::path& directory, Visit visit) {
    std::error_code failed;
    fs::directory_iterator entries(directory, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed))
        visit(entries->path().filename().string());
    if (failed)
        throw file_error(failed.value(), "reading directory", directory);
}

// A regular file of that name, or nothing.
std::optional<stored_file> look_at(const fs::path& directory, const std::string& name) {
    const auto path = directory / name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return std::nullopt;
        throw file_error(errno, "looking at", path);
    }
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    stored_file found;
    found.name = name;
    found.bytes = static_cast<std::uint64_t>(status.st_size);
    found.changed = std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
    return found;
}

// What runs that are gone left of this task's drafts. A draft with a mark is not to be cleared away but
// settled.
void clear_away(const fs::path& directory, const std::string& task) {
    std::vector<hidden_name> left;
    std::vector<std::string> marked;
    for_each_name(directory, [&](const std::string& name) {
        const auto hidden = hidden_name::from_text(name);
        if (!hidden || hidden->name.task != task)
            return;
        if (name == hidden->pending())
            marked.push_back(hidden->nonce);
        else
            left.push_back(*hidden);
    });
    for (const auto& each : left) {
        if (std::ranges::find(marked, each.nonce) != marked.end() || !is_abandoned(directory / each.part()))
            continue;
        remove_file(directory / (each.pending() + ".part"));
        remove_file(directory / each.part());
    }
}

file_name first_free(const fs::path& directory, file_name name) {
    std::error_code unknown;
    while (fs::symlink_status(directory / name.text(), unknown).type() != fs::file_type::not_found)
        name = name.next();
    return name;
}

// Gives the file its name, or the next that is free; the name, or nothing if the file is not there.
std::optional<file_name> show(const fs::path& directory, const hidden_name& hidden) {
    for (auto name = hidden.name;; name = name.next()) {
        const auto outcome = rename_new(directory / hidden.part(), directory / name.text());
        if (outcome == renamed::missing)
            return std::nullopt;
        if (outcome == renamed::taken)
            continue;
        sync_directory(directory);
        return name;
    }
}

void forget(const fs::path& directory, const hidden_name& hidden) {
    remove_file(directory / hidden.pending());
    sync_directory(directory);
}

void discard(const fs::path& directory, const hidden_name& hidden) {
    // In this order: without its mark a part is only a part.
    remove_file(directory / hidden.pending());
    sync_directory(directory);
    remove_file(directory / hidden.part());
}

class directory_draft : public draft {
  public:
    directory_draft(fs::path directory, hidden_name hidden, std::shared_ptr<part_file> file,
                    async::helper_thread& helper)
        : directory_(std::move(directory))
        , hidden_(std::move(hidden))
        , file_(std::move(file))
        , helper_(helper) {}

    [[nodiscard]] std::size_t block_size() const override { return written_at_once; }

    awaitable<void> write(std::vector<std::byte> bytes) override {
        const auto owned = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
        std::function<void()> call = [file = file_, owned] { file->append(*owned); };
        co_await helper_.run(std::move(call));
        fault_point("export-written");
    }

    awaitable<void> finish() override {
        std::function<void()> call = [file = file_] { file->sync(); };
        co_await helper_.run(std::move(call));
        fault_point("export-synced");
    }

    awaitable<void> prepare(file_mark mark) override {
        fault_point("export-before-mark");
        std::function<void()> call = [path = directory_ / hidden_.pending(), text = text_of(mark)] {
            write_safely(path, text);
        };
        co_await helper_.run(std::move(call));
        fault_point("export-marked");
    }

    awaitable<void> finalise() override {
        fault_point("export-before-show");
        const auto given = std::make_shared<std::optional<file_name>>();
        std::function<void()> naming = [given, directory = directory_, hidden = hidden_] {
            *given = show(directory, hidden);
        };
        co_await helper_.run(std::move(naming));
        if (*given) // else another run was quicker to settle it
            shown_ = (*given)->text();
        fault_point("export-shown");
        std::function<void()> forgetting = [directory = directory_, hidden = hidden_] {
            forget(directory, hidden);
        };
        co_await helper_.run(std::move(forgetting));
        fault_point("export-finalised");
    }

    awaitable<void> take_back() override {
        fault_point("export-before-take-back");
        std::function<void()> call = [directory = directory_, hidden = hidden_] {
            discard(directory, hidden);
        };
        co_await helper_.run(std::move(call));
        fault_point("export-taken-back");
    }

    [[nodiscard]] std::string name() const override { return shown_.empty() ? hidden_.name.text() : shown_; }

  private:
    fs::path directory_;
    hidden_name hidden_;
    std::shared_ptr<part_file> file_; // shared with the call in progress
    async::helper_thread& helper_;
    std::string shown_;
};

hidden_name hidden_of(const unsettled_file& file) {
    const auto hidden = hidden_name::from_text(file.place);
    if (!hidden)
        throw async::error(failure::internal, "not the place of a mark");
    return *hidden;
}

std::vector<unsettled_file> marks_in(const fs::path& directory) {
    std::vector<unsettled_file> found;
    for_each_name(directory, [&](const std::string& name) {
        const auto hidden = hidden_name::from_text(name);
        if (!hidden || name != hidden->pending())
            return;
        const auto text = read_small(directory / name);
        if (!text)
            return; // settled by somebody else since
        unsettled_file file;
        file.name = hidden->name.text();
        file.place = name;
        auto mark = mark_from(*text);
        if (const auto* mistake = std::get_if<std::string>(&mark))
            file.mistake = *mistake;
        else
            file.mark = std::get<file_mark>(std::move(mark));
        // A mark that cannot be read is still of the task whose file it is.
        if (file.mistake.empty() && file.mark.task != hidden->name.task)
            file.mistake = "it is of another task than its name says";
        file.mark.task = hidden->name.task;
        found.push_back(std::move(file));
    });
    std::ranges::sort(found, {}, &unsettled_file::place);
    return found;
}

// An open file on its way out.
struct reading {
    fs::path path;
    int file = -1;
    std::vector<std::byte> piece = std::vector<std::byte>(read_at_once);
    std::size_t size = 0;

    explicit reading(fs::path which)
        : path(std::move(which)) {}
    ~reading() {
        if (file >= 0)
            ::close(file);
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

    void next(std::uint64_t wanted) {
        if (file < 0)
            file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (file < 0)
            throw file_error(errno, "reading", path);
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, piece.size()));
        const auto got = ::read(file, piece.data(), some);
        if (got < 0 && errno != EINTR)
            throw file_error(errno, "reading", path);
        if (got == 0)
            throw archive::conflict(fmt::format("'{}' became shorter while it was read", path.string()));
        size = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
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
    };
    co_await writing_.run(std::move(call));
    fault_point("export-begun");
    co_return std::make_unique<directory_draft>(directory_, made->hidden, made->file, writing_);
}

awaitable<std::vector<stored_file>> directory_sink::files(std::string task) {
    const auto found = std::make_shared<std::map<file_name, stored_file>>();
    std::function<void()> call = [found, directory = directory_, task = std::move(task)] {
        for_each_name(directory, [&](const std::string& text) {
            const auto name = file_name::from_text(text);
            if (!name || name->task != task)
                return;
            if (auto file = look_at(directory, text))
                found->emplace(*name, std::move(*file));
        });
    };
    co_await reading_.run(std::move(call));
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
    co_await reading_.run(std::move(call));
    co_return std::move(*found);
}

awaitable<void> directory_sink::read(stored_file file, byte_sink to) {
    const auto state = std::make_shared<reading>(directory_ / file.name);
    for (std::uint64_t left = file.bytes; left > 0; left -= state->size) {
        std::function<void()> call = [state, left] { state->next(left); };
        co_await reading_.run(std::move(call));
        if (state->size > 0)
            co_await to(std::span(state->piece).first(state->size));
    }
}

awaitable<std::vector<unsettled_file>> directory_sink::unsettled() {
    const auto found = std::make_shared<std::vector<unsettled_file>>();
    std::function<void()> call = [found, directory = directory_] { *found = marks_in(directory); };
    co_await writing_.run(std::move(call));
    co_return std::move(*found);
}

awaitable<bool> directory_sink::keep(unsettled_file file) {
    const auto there = std::make_shared<bool>(true);
    fault_point("export-before-keep");
    std::function<void()> naming = [there, directory = directory_, file] {
        const auto hidden = hidden_of(file);
        if (show(directory, hidden))
            return;
        // It had its name already, and only the mark was left.
        const auto named = look_at(directory, hidden.name.text());
        *there = named && named->bytes == file.mark.bytes;
    };
    co_await writing_.run(std::move(naming));
    fault_point("export-kept");
    std::function<void()> forgetting = [directory = directory_, file] { forget(directory, hidden_of(file)); };
    co_await writing_.run(std::move(forgetting));
    co_return *there;
}

awaitable<void> directory_sink::remove(unsettled_file file) {
    fault_point("export-before-discard");
    std::function<void()> call = [directory = directory_, file] { discard(directory, hidden_of(file)); };
    co_await writing_.run(std::move(call));
    fault_point("export-discarded");
}

} // namespace exports
