#include "app/run/check_printer.hpp"

#include "app/cli/exit_code.hpp"
#include "app/run/print_lines.hpp"
#include "app/text/terminal.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace app {

check_printer::check_printer(async::helper_thread& printing, output_format format, std::size_t name_width)
    : printing_(printing)
    , format_(format)
    , look_{width_of(stream::output), colour_wanted(stream::output)} {
    look_.name_width = std::max(look_.name_width, name_width);
}

async::awaitable<void> check_printer::show(const std::vector<archive::check_line>& lines) {
    if (format_ == output_format::json)
        co_return;
    std::string text;
    for (; shown_ < lines.size(); ++shown_)
        text += render_check_line(lines[shown_], look_);
    if (!text.empty()) // if the reader has gone, as with `head`, the exit code stays
        static_cast<void>(co_await print_lines(printing_, std::move(text)));
}

inquiry_answer check_printer::finish(const std::vector<archive::check_line>& lines) const {
    const auto failed = archive::verdict_of(lines);
    const auto code = failed ? exit_code_of(*failed) : exit_code::done;
    if (format_ == output_format::json)
        return {render_checks(lines, code, format_), code};
    std::string text;
    for (auto at = shown_; at < lines.size(); ++at)
        text += render_check_line(lines[at], look_);
    return {text + render_check_verdict(lines, code), code};
}

} // namespace app
