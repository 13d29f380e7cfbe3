#include "app/run/print_lines.hpp"

#include "app/text/terminal.hpp"
#include "async/error.hpp"

#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

namespace app {

async::awaitable<bool> print_lines(async::helper_thread& printing, std::string lines) {
    // The call owns them: it may outlive this coroutine.
    auto text = std::make_shared<std::string>(std::move(lines));
    auto ended = std::make_shared<printed>(printed::all);
    auto error = std::make_shared<int>(0);
    std::function<void()> print = [text, ended, error] {
        *ended = print_part(*text);
        *error = errno;
    };
    co_await printing.run(std::move(print));
    if (*ended == printed::failed)
        throw async::error(async::failure::unclassified, unwritten_output(*error));
    co_return *ended == printed::all;
}

} // namespace app
