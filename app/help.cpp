#include "app/help.hpp"

#include "app/exit_code.hpp"
#include "app/options.hpp"

#include <fmt/format.h>

namespace app {

std::string_view examples() noexcept {
    return R"(  event-archiver archive                       the nightly run; settings from the environment
  event-archiver archive --dry-run             export and upload, delete nothing
  event-archiver archive --commit day --parallel 8
                                               a long backfill, one transaction a day
  event-archiver check                         is everything there that a run needs?
  event-archiver plan                          what a run would do; changes nothing
  event-archiver list --calendar               what is in the lake, a year on a screen
  event-archiver verify --from 2024-01-01      prove what is there
  event-archiver help environment              every setting
)";
}

std::string environment_help() {
    std::string text =
        "A flag beats the environment, the environment beats the default; an empty variable counts as"
        " unset.\nEach secret may stand in a file that NAME_FILE names.\n\n";
    for (const auto& option : options()) {
        text += fmt::format("  {}{}{}\n", option.environment, option.flag.empty() ? "" : ", ", option.flag);
        text += fmt::format("      {}{}\n", option.help,
                            option.standard.empty() ? "" : fmt::format(" [default: {}]", option.standard));
    }
    return text;
}

std::string exit_codes_help() {
    std::string text;
    for (const auto& row : exit_codes())
        text += fmt::format("  {:>3}  {}{}\n", row.code, row.meaning,
                            row.again.empty() ? "" : fmt::format(" (does another try help? {})", row.again));
    return text;
}

} // namespace app
