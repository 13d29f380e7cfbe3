#include "app/observe/error_stream.hpp"

#include "async/deadline.hpp"

#include <climits>

#include <cerrno>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace app {

error_stream::error_stream(int descriptor, std::chrono::milliseconds patience, drop_notice notice)
    : descriptor_(descriptor)
    , patience_(patience)
    , notice_(std::move(notice)) {
    struct stat status {};
    in_pieces_ = ::fstat(descriptor_, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void error_stream::write(std::string_view lines) {
    if (dropped_ > 0) {
        if (!has_room(std::chrono::milliseconds(0))) {
            ++dropped_;
            return;
        }
        const auto told = (torn_ ? "\n" : "") + notice_(std::exchange(dropped_, 0));
        torn_ = false;
        put(told);
    }
    put(lines);
}

// Where poll says that there is room, a pipe takes as much as it takes in one piece.
void error_stream::put(std::string_view lines) {
    bool begun = false;
    while (!lines.empty()) {
        if (!has_room(patience_)) {
            ++dropped_;
            torn_ = begun;
            return;
        }
        const auto piece = in_pieces_ ? lines.substr(0, PIPE_BUF) : lines;
        const auto written = ::write(descriptor_, piece.data(), piece.size());
        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (written <= 0)
            return; // a log that cannot be written must not stop the run
        begun = true;
        lines.remove_prefix(static_cast<std::size_t>(written));
    }
}

// Also where a write would fail at once.
bool error_stream::has_room(std::chrono::milliseconds patience) const {
    const auto until = async::deadline::after(patience);
    for (;;) {
        pollfd asked{descriptor_, POLLOUT, 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until.left());
        const auto answered = ::poll(&asked, 1, static_cast<int>(left.count()));
        if (answered >= 0 || errno != EINTR)
            return answered != 0;
    }
}

} // namespace app
