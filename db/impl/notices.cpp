#include "db/impl/notices.hpp"

#include "db/impl/server_error.hpp"

#include <string_view>

namespace db {

void notices::listen(PGconn* handle) { PQsetNoticeReceiver(handle, &notices::receive, this); }

void notices::receive(void* self, const PGresult* notice) noexcept {
    const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char* state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view weight = severity ? severity : "";
    const bool loud = weight == "WARNING" || weight == "ERROR" || weight == "FATAL" || weight == "PANIC";
    // A trigger may put a row's values into its text. libpq's own notices have no fields and hold no values.
    std::string message = state || primary ? "the server sent a message of severity " + std::string(weight)
                                           : one_line(PQresultErrorMessage(notice));
    auto& waiting = static_cast<notices*>(self)->waiting_;
    const std::string code = state ? state : "";
    if (!waiting.empty() && waiting.back().state == code && waiting.back().message == message) {
        ++waiting.back().count;
        return;
    }
    waiting.push_back({loud ? async::log_level::warn : async::log_level::debug, code, std::move(message)});
}

void notices::pass_to(async::log& log) {
    if (waiting_.empty())
        return;
    const std::vector<notice> passing = std::move(waiting_);
    waiting_.clear();
    for (const notice& each : passing) {
        if (each.level == async::log_level::warn)
            log.warn("db.notice", each.message, {{"db.sqlstate", each.state}, {"count", each.count}});
        else
            log.debug("db.notice", each.message, {{"db.sqlstate", each.state}, {"count", each.count}});
    }
}

} // namespace db
