#include "exports/sink/directory_draft.hpp"

#include "async/durable_file.hpp"
#include "async/fault_point.hpp"
#include "exports/sink/directory_files.hpp"
#include "exports/sink/on_disk.hpp"

#include <optional>

namespace exports {

using async::fault_point;

namespace {

// The lock is kept while the file gets its name: a copy of the database server could take the file back in
// between. There are file systems (SMB) that rename no open file; there it is closed first.
std::optional<file_name> show_locked(const std::filesystem::path& directory, const hidden_name& hidden,
                                     part_file& file) {
    std::optional<file_name> given;
    bool done = false;
    try {
        given = show(directory, hidden);
        done = true;
    } catch (const async::error&) {
        file.release();
    }
    if (!done)
        given = show(directory, hidden);
    file.release();
    return given;
}

void mark_must_stand(const std::filesystem::path& path, const file_mark& mark) {
    if (async::read_small(path) != text_of(mark))
        throw removed_before_commit(path);
}

} // namespace

awaitable<void> directory_draft::write(std::vector<std::byte> bytes) {
    const auto owned = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    std::function<void()> call = [file = file_, owned] { file->append(*owned); };
    co_await on_disk(helper_, std::move(call));
    fault_point("export-written");
}

awaitable<void> directory_draft::finish() {
    std::function<void()> call = [file = file_] { file->finish(); };
    co_await on_disk(helper_, std::move(call));
    fault_point("export-synced");
}

awaitable<void> directory_draft::prepare(file_mark mark) {
    fault_point("export-before-mark");
    mark_ = mark;
    std::function<void()> call = [path = directory_ / hidden_.pending(), text = text_of(mark)] {
        async::write_safely(path, text);
    };
    co_await on_disk(helper_, std::move(call));
    fault_point("export-marked");
}

awaitable<void> directory_draft::must_stand() {
    std::function<void()> call = [file = file_, path = directory_ / hidden_.pending(), mark = mark_] {
        file->must_stand();
        mark_must_stand(path, mark);
    };
    co_await on_disk(helper_, std::move(call));
}

awaitable<void> directory_draft::finalise() {
    fault_point("export-before-show");
    const auto given = std::make_shared<std::optional<file_name>>();
    std::function<void()> naming = [given, file = file_, directory = directory_, hidden = hidden_,
                                    mark = mark_] {
        *given = show_locked(directory, hidden, *file);
        if (!*given) // another run has settled it first
            *given = find_shown(directory, hidden, mark);
    };
    co_await on_disk(helper_, std::move(naming));
    if (!*given)
        co_return; // its mark stays
    shown_ = (*given)->text();
    fault_point("export-shown");
    std::function<void()> forgetting = [directory = directory_, hidden = hidden_] {
        forget(directory, hidden);
    };
    co_await on_disk(helper_, std::move(forgetting));
    fault_point("export-finalised");
}

awaitable<draft::whereabouts> directory_draft::look() {
    if (!shown_.empty()) // it was there when it was named
        co_return whereabouts::there;
    struct seen {
        std::optional<file_name> name;
        bool hidden = false;
    };
    const auto found = std::make_shared<seen>();
    std::function<void()> call = [found, directory = directory_, hidden = hidden_, mark = mark_] {
        found->name = find_shown(directory, hidden, mark);
        found->hidden = look_at(directory, hidden.part()).has_value();
    };
    try {
        co_await on_disk(helper_, std::move(call));
    } catch (const async::error&) {
        co_return whereabouts::hidden; // as far as the file system shows
    }
    if (found->name)
        shown_ = found->name->text();
    co_return found->name ? whereabouts::there : found->hidden ? whereabouts::hidden : whereabouts::gone;
}

awaitable<void> directory_draft::take_back() {
    fault_point("export-before-take-back");
    std::function<void()> call = [file = file_, directory = directory_, hidden = hidden_] {
        file->release();
        discard(directory, hidden);
    };
    co_await on_disk(helper_, std::move(call));
    fault_point("export-taken-back");
}

std::string directory_draft::name() const { return shown_.empty() ? hidden_.name.text() : shown_; }

} // namespace exports
