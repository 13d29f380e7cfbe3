#include "app/run/print_lines.hpp"

#include "app/text/terminal.hpp"
#include "async/error.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace app {

async::awaitable<bool> print_lines(async::helper_thread& printing, std::string lines) {
    // The call owns both: it may outlive this coroutine.
    auto text = std::make_shared<std::string>(std::move(lines));
    auto ended = std::make_shared<printed>(printed::all);
    std::function<void()> print = [text, ended] { *ended = print_part(*text); };
    co_await printing.run(std::move(print));
    if (*ended == printed::failed)
        throw async::error(async::failure::unclassified, "the answer cannot be written to standard output");
    co_return *ended == printed::all;
}

} // namespace app
