#include "app/run/background.hpp"

#include "app/cli/exit_code.hpp"
#include "async/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace app {

background_start::background_start() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw async::error(async::failure::temporary, std::string("no pipe: ") + std::strerror(errno));
    child_ = ::fork();
    if (child_ < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        throw async::error(async::failure::temporary, std::string("no process: ") + std::strerror(errno));
    }
    ::close(ends.at(is_parent() ? 1 : 0));
    pipe_ = ends.at(is_parent() ? 0 : 1);
    if (is_parent())
        return;
    ::setsid();
    // The child must not keep the parent's output open: another process may wait for its end.
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere >= 0) {
        ::dup2(nowhere, STDIN_FILENO);
        ::dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
}

background_start::~background_start() {
    if (pipe_ >= 0)
        ::close(pipe_);
}

int background_start::wait() {
    unsigned char code = exit_code::internal;
    for (;;) {
        const auto got = ::read(pipe_, &code, 1);
        if (got == 1)
            return code;
        if (got == 0 || errno != EINTR)
            return exit_code::internal; // it was killed
    }
}

void background_start::begun() noexcept {
    tell(exit_code::done);
    // From now on the log goes where no process has to read it.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        ::dup2(nowhere, STDERR_FILENO);
        ::close(nowhere);
    }
}

void background_start::ended(int exit_code) noexcept { tell(static_cast<unsigned char>(exit_code)); }

void background_start::tell(unsigned char code) noexcept {
    const int to = std::exchange(pipe_, -1);
    if (to < 0)
        return;
    while (::write(to, &code, 1) < 0 && errno == EINTR) {
    }
    ::close(to);
}

} // namespace app
