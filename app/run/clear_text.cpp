#include "app/run/clear_text.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace app {

namespace {

constexpr std::string_view advice =
    "Add sslmode=verify-full and sslrootcert to the connection string, and switch SSL on in the server.";

} // namespace

void warn_of_clear_text(const configuration& settings, async::log& log) {
    if (settings.lake_in_clear_text)
        log.warn("lake.clear_text", "rows go to storage on another machine in clear text: give https://",
                 {{"host", settings.account.blob.host}});
}

std::function<void(const db::link_facts&)> clear_text_watch(std::string target, async::log& log) {
    return
        [target = std::move(target), &log, told = std::make_shared<bool>(false)](const db::link_facts& link) {
            if (link.encrypted || link.local || *told)
                return;
            *told = true;
            log.warn("database.clear_text",
                     "rows and the sign-in go to the database on another machine in clear text: give"
                     " sslmode=verify-full",
                     {{"database", target}});
        };
}

archive::check_line judge_encryption(const db::link_facts& link) {
    archive::check_line line{"encryption"};
    if (link.local) {
        line.detail = "the database is on this machine";
    } else if (!link.encrypted) {
        line.status = archive::check_status::warning;
        line.detail = "rows and the sign-in go to the database on another machine in clear text";
        line.remedy = advice;
    } else if (link.tls_mode == "verify-full") {
        line.detail = "TLS, and the server's certificate has the server's name (sslmode=verify-full)";
    } else {
        line.status = archive::check_status::warning;
        line.detail = fmt::format(
            "TLS, but sslmode={} does not prove that the server is the one of that name", link.tls_mode);
        line.remedy = advice;
    }
    return line;
}

} // namespace app
