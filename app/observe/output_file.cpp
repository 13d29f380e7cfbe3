#include "app/observe/output_file.hpp"

#include "app/settings/mistake.hpp"
#include "async/error.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace app {

output_file::output_file(std::string path, readers who)
    : path_(std::move(path))
    , readers_(who) {
    std::error_code ignored;
    const auto kind = std::filesystem::status(path_, ignored).type();
    const bool special =
        kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found;
    written_to_ = special ? path_ : fmt::format("{}.{}.tmp", path_, ::getpid());
    file_.reset(async::open_stream(written_to_));
    if (file_ == nullptr)
        fail();
}

output_file::~output_file() {
    if (file_ != nullptr && written_to_ != path_)
        ::unlink(written_to_.c_str());
}

void output_file::write(std::string_view content) {
    if (std::fwrite(content.data(), 1, content.size(), file_.get()) != content.size() ||
        std::fflush(file_.get()) != 0 ||
        (readers_ == readers::everybody && written_to_ != path_ &&
         ::fchmod(::fileno(file_.get()), 0644) != 0) ||
        (written_to_ != path_ && std::rename(written_to_.c_str(), path_.c_str()) != 0))
        fail();
    file_.reset();
}

void output_file::fail() const {
    throw async::error(async::failure::usage,
                       fmt::format("cannot write {}: {}", shown_path(path_), async::describe_errno(errno)),
                       "Name a file in a directory that exists and that this user may write to.");
}

} // namespace app
