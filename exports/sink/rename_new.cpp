#include "exports/sink/rename_new.hpp"

#include "async/durable_file.hpp"
#include "async/regular_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace exports {

namespace {

namespace fs = std::filesystem;

// nullopt if this file system cannot do it in this way. Also for any other failure: the last way reports it.
using attempt_at_name = std::optional<renamed>;

attempt_at_name rename_without_replacing(const fs::path& from, const fs::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return renamed::done;
    if (errno == EEXIST)
        return renamed::taken;
    if (errno == ENOENT)
        return renamed::missing;
    return std::nullopt;
}

// Two names of one file: a run was interrupted between the link and the removal.
bool is_one_file(const fs::path& from, const fs::path& to) {
    std::error_code unknown;
    return fs::equivalent(from, to, unknown);
}

attempt_at_name link_and_remove(const fs::path& from, const fs::path& to) {
    if (::link(from.c_str(), to.c_str()) != 0) {
        if (errno == ENOENT)
            return renamed::missing;
        if (errno != EEXIST)
            return std::nullopt;
        if (!is_one_file(from, to))
            return renamed::taken;
    }
    async::remove_file(from);
    return renamed::done;
}

renamed look_and_rename(const fs::path& from, const fs::path& to) {
    if (is_there(to))
        return renamed::taken;
    if (std::rename(from.c_str(), to.c_str()) == 0)
        return renamed::done;
    if (errno == ENOENT && !is_there(from))
        return renamed::missing;
    throw async::file_error(errno, "naming", to);
}

} // namespace

bool is_there(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0)
        return true;
    if (errno != ENOENT)
        throw async::file_error(errno, "looking at", path);
    return false;
}

renamed rename_new(const fs::path& from, const fs::path& to) {
    auto outcome = rename_without_replacing(from, to);
    if (!outcome)
        outcome = link_and_remove(from, to);
    if (!outcome)
        outcome = look_and_rename(from, to);
    if (*outcome == renamed::done && !is_there(to))
        throw async::file_error(EIO, "naming", to);
    return *outcome;
}

void try_renaming(const fs::path& from, const fs::path& to) {
    async::remove_file(to);
    auto file = async::open_regular(from, O_WRONLY | O_CREAT | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (!file.open() || !file.close())
        throw async::file_error(errno, "creating", from);
    try {
        if (rename_new(from, to) != renamed::done)
            throw async::file_error(EIO, "naming", to);
    } catch (...) {
        (void)::unlink(from.c_str());
        throw;
    }
    async::remove_file(to);
}

} // namespace exports
