#include "archive/look/preflight.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace archive {

using async::failure;

namespace {

// The service refuses a Shared Key request that is 15 minutes off.
constexpr std::chrono::minutes skew_worth_telling{5};

} // namespace

std::string_view to_string(check_status status) noexcept {
    switch (status) {
    case check_status::ok:
        return "ok";
    case check_status::warning:
        return "warning";
    case check_status::failed:
        return "failed";
    case check_status::skipped:
        break;
    }
    return "skipped";
}

void add_line(std::vector<check_line>& lines, std::string name, check_status status, std::string detail,
              std::string remedy) {
    lines.push_back({std::move(name), status, std::move(detail), std::move(remedy)});
}

std::optional<failure> verdict_of(const std::vector<check_line>& lines) noexcept {
    for (const auto& line : lines)
        if (line.status == check_status::failed)
            return line.failure.value_or(failure::unclassified);
    return std::nullopt;
}

check_line judge_clock(std::string name, std::optional<std::chrono::milliseconds> ahead) {
    if (!ahead)
        return {std::move(name), check_status::skipped, "the time of the other side is not known"};
    const auto seconds = std::chrono::round<std::chrono::seconds>(std::chrono::abs(*ahead)).count();
    if (seconds == 0)
        return {std::move(name), check_status::ok, "in sync with this machine's"};
    auto detail = fmt::format("{} s {} this machine's", seconds, ahead->count() > 0 ? "ahead of" : "behind");
    if (std::chrono::abs(*ahead) <= skew_worth_telling)
        return {std::move(name), check_status::ok, std::move(detail)};
    return {std::move(name), check_status::warning, std::move(detail),
            "Set the clocks by NTP: with an account key, Azure refuses requests that are 15 minutes off."};
}

check_line judge_version(int server_version) {
    auto detail = fmt::format("PostgreSQL {}.{}", server_version / 10'000, server_version % 10'000);
    if (server_version >= server_version_min)
        return {"version", check_status::ok, std::move(detail)};
    return {"version", check_status::failed, detail + " is older than 13", "Upgrade the server.",
            failure::precondition};
}

check_line judge_primary(bool standby, bool read_only) {
    if (standby)
        return {"primary", check_status::failed, "the server is a read-only standby",
                "Point PG_CONNECTION_STRING at the primary, or add target_session_attrs=read-write.",
                failure::precondition};
    return {"primary", check_status::ok,
            read_only ? "the server takes writes; transactions are read-only by default, and a run's are not"
                      : "the server takes writes"};
}

std::vector<check_line> judge_rights(const table_rights& rights, preflight_aim aim) {
    const auto judge = [&rights](std::string_view name, bool granted, std::string_view privilege,
                                 std::string on) -> check_line {
        if (granted)
            return {std::string(name), check_status::ok, fmt::format("{} may {}", rights.role, privilege)};
        return {std::string(name), check_status::failed,
                fmt::format("{} may not {} on {}", rights.role, privilege, on),
                fmt::format("GRANT {} ON {} TO {};", privilege, on, rights.role), failure::refused};
    };
    std::vector<check_line> lines;
    if (!rights.usage)
        lines.push_back(judge("usage", false, "USAGE", "SCHEMA " + rights.schema));
    lines.push_back(judge("select", rights.select, "SELECT", rights.table));
    if (aim == preflight_aim::archive) {
        lines.push_back(judge("delete", rights.remove, "DELETE", rights.table));
        return lines;
    }
    lines.push_back(judge("insert", rights.insert, "INSERT", rights.table));
    if (!rights.temporary)
        lines.push_back(judge("temporary", false, "TEMPORARY", "DATABASE " + rights.database));
    return lines;
}

check_line failed_line(std::string name, const std::exception_ptr& failed) {
    if (async::is_cancellation(failed))
        std::rethrow_exception(failed);
    check_line line{std::move(name), check_status::failed, async::describe(failed)};
    line.failure = async::failure_of(failed);
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& error) {
        line.remedy = error.hint();
    } catch (...) {
        line.remedy = "This is a bug in event-archiver.";
    }
    return line;
}

awaitable<void> tell(const preflight_context& context, const std::vector<check_line>& lines) {
    if (context.ended)
        co_await context.ended(lines);
}

awaitable<std::vector<check_line>> preflight(preflight_context context) {
    std::vector<check_line> lines;
    lines.push_back({"settings", check_status::ok, "every setting can be read"});
    const auto table = co_await check_database(context, lines);
    co_await tell(context, lines);
    co_await check_lake(context, table, lines);
    co_await tell(context, lines);
    co_return lines;
}

} // namespace archive
