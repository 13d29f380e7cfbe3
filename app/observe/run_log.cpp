#include "app/observe/run_log.hpp"

#include "app/observe/line_log.hpp"
#include "app/text/terminal.hpp"
#include "async/error.hpp"
#include "azure/blob/error.hpp"
#include "db/error.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <vector>

namespace app {

run_log::run_log(const configuration& settings, const std::string& run_id, process_id shown)
    : level_(settings.level)
    , run_id_(run_id)
    , shown_(shown) {
    text = settings.format == log_format::text ||
           (settings.format == log_format::automatic && ::isatty(STDERR_FILENO) == 1);
    log = make({});
}

std::unique_ptr<async::log> run_log::with(constant_field always) { return make(std::move(always)); }

std::unique_ptr<async::log> run_log::make(constant_field always) {
    std::unique_ptr<async::log> made;
    const auto notice = [as_text = text, id = run_id_](std::uint64_t lines) {
        constexpr std::string_view why = "lines of the log were dropped: nothing read them";
        return as_text ? fmt::format("{} {}\n", lines, why)
                       : fmt::format(R"({{"time":"{}","level":"warn","msg":"{} {}","event":"log.dropped",)"
                                     R"("run_id":"{}","pid":{},"lines":{}}})"
                                     "\n",
                                     timestamp(), lines, why, id, ::getpid(), lines);
    };
    if (text)
        made = std::make_unique<text_log>(text_output{standard_error(notice), colour_wanted(stream::error),
                                                      [this] {
                                                          if (display != nullptr)
                                                              display->clear();
                                                      },
                                                      [] { return width_of(stream::error); }, shown_},
                                          std::move(always));
    else
        made = std::make_unique<json_log>(run_id_, standard_error(notice), std::move(always));
    made->set_threshold(level_);
    return made;
}

namespace {

constexpr std::string_view insufficient_privilege = "42501";
constexpr std::string_view which_grant =
    "`event-archiver check` names the GRANT that is missing; for other commands than `archive` add --for "
    "restore, --for export or --for project. A new table needs GRANT CREATE ON SCHEMA.";

} // namespace

failure_facts log_failure(async::log& log, const std::exception_ptr& failed, int code) {
    failure_facts facts;
    facts.type = "internal";
    facts.message = async::describe(failed);
    std::string state;
    std::string request;
    std::string service_code;
    try {
        std::rethrow_exception(failed);
    } catch (const azure::storage_error& error) {
        facts.hint = error.hint();
        facts.type = async::to_string(error.kind());
        request = error.request_id();
        service_code = error.service_code();
    } catch (const db::error& error) {
        facts.hint = error.hint();
        facts.type = async::to_string(error.kind());
        state = error.state();
        if (state == insufficient_privilege && facts.hint.empty())
            facts.hint = which_grant;
    } catch (const async::error& error) {
        facts.hint = error.hint();
        facts.type = async::to_string(error.kind());
    } catch (...) {
        facts.hint = "This is a bug in event-archiver.";
    }
    std::vector<async::log_field> fields{{"error.type", facts.type}};
    const auto add = [&fields](std::string_view key, const std::string& value) {
        if (!value.empty())
            fields.emplace_back(key, value);
    };
    add("error.hint", facts.hint);
    add("db.response.status_code", state);
    add("azure.error_code", service_code);
    add("azure.request_id", request);
    fields.emplace_back("exit_code", code);
    log.error("run.error", facts.message, fields);
    return facts;
}

} // namespace app
