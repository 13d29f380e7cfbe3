#include "exports/sink/on_disk.hpp"

#include "async/durable_file.hpp"

#include <cerrno>
#include <string>
#include <utility>

namespace exports {

namespace {

std::string hint_of(const async::file_error& failed) {
    switch (failed.reason()) {
    case ENOSPC:
    case EDQUOT:
        return "Make room there, or set EXPORT_PATH to another volume. Nothing was deleted from the "
               "database.";
    case ENOENT:
    case ENOTDIR:
        return "Create the directory or mount the volume, or set EXPORT_PATH.";
    default:
        return failed.hint();
    }
}

} // namespace

awaitable<void> on_disk(async::helper_thread& helper, std::function<void()> call) {
    std::function<void()> named = [call = std::move(call)] {
        try {
            call();
        } catch (const async::file_error& failed) {
            throw async::error(failed.kind(), failed.message(), hint_of(failed));
        }
    };
    co_await helper.run(std::move(named));
}

} // namespace exports
