#include "app/serve/server/server_checks.hpp"

#include "app/run/journal/journal_checks.hpp"
#include "app/run/journal/journal_positions.hpp"
#include "app/run/projections/projection_checks.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/serve/projections/served_queries.hpp"
#include "async/caught.hpp"
#include "db/conninfo.hpp"
#include "events/projection/follow/engine.hpp"
#include "http/server/server.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace app {

namespace {

using archive::check_line;
using archive::check_status;
using async::awaitable;
using check_lines = std::vector<check_line>;
using definition_list = std::vector<events::projection_definition>;

check_line port_line(const boost::asio::any_io_executor& executor, const serve_settings& serving) {
    http::server_options place;
    place.address = serving.address;
    place.port = serving.port;
    const auto failed = http::try_to_bind(executor, place);
    if (!failed)
        return {"port", check_status::ok,
                serving.port == 0 ? fmt::format("any free port of {}", serving.address)
                                  : fmt::format("{}:{} is free", serving.address, serving.port)};
    const auto why = http::cannot_listen(place, failed);
    if (failed == boost::asio::error::address_in_use)
        return {"port", check_status::warning, why.message(),
                "If that is this server, all is well. " + why.hint()};
    return {"port", check_status::failed, why.message(), why.hint(), why.kind()};
}

struct served_projections {
    definition_list all;
    definition_list mine; // that run here, or whose queries are answered here
    events::query_set queries;
    std::exception_ptr unread;
};

// Blocks.
served_projections read_files(const configuration& settings) {
    served_projections found;
    try {
        found.all = all_projections(settings);
        auto running = projections_to_serve(found.all, settings);
        definition_list answering;
        if (!settings.database.empty()) { // as the server does it
            answering = projections_with_queries(settings);
            found.queries = served_queries(answering, settings);
        }
        found.mine = std::move(running);
        for (auto& each : answering)
            if (std::ranges::find(found.mine, each.name, &events::projection_definition::name) ==
                found.mine.end())
                found.mine.push_back(std::move(each));
    } catch (const async::error&) {
        found.unread = std::current_exception();
    }
    return found;
}

void add_queries(const events::query_set& queries, check_lines& lines) {
    for (const auto& mistake : queries.mistakes)
        lines.push_back(
            {"queries", check_status::failed, mistake, "Fix the file.", async::failure::precondition});
    if (queries.mistakes.empty() && !queries.queries.empty())
        lines.push_back({"queries", check_status::ok,
                         queries.queries.size() == 1 ? std::string("1 route")
                                                     : fmt::format("{} routes", queries.queries.size())});
}

// The server would refuse to begin.
awaitable<void> check_positions(const server_check_context& context, const definition_list& all,
                                check_lines& lines) {
    const auto& settings = context.settings;
    written_journal ours{*context.journal,
                         topics_written_by(settings),
                         settings.serving.offers(api::events),
                         {},
                         settings.journal.group};
    for (const auto& each : all)
        ours.names.insert(events::position_name(each, settings.journal.group));
    std::function<awaitable<void>(db::connection&)> body =
        [&ours](db::connection& session) -> awaitable<void> {
        co_await must_have_topics(session, ours);
        co_await must_be_known(session, ours);
    };
    const auto failed = co_await async::caught_error(db::with_session(context.database, std::move(body)));
    if (failed)
        lines.push_back(archive::failed_line("positions", failed));
    else
        lines.push_back({"positions", check_status::ok, "those in the database belong to this journal"});
}

bool is_failed(const check_lines& lines, std::string_view name) {
    return std::ranges::any_of(lines, [name](const check_line& each) {
        return each.name == name && each.status == check_status::failed;
    });
}

awaitable<void> check_database(const server_check_context& context, const served_projections& files,
                               check_lines& lines) {
    const auto& settings = context.settings;
    projection_check_context of_projections{context.database, db::describe_conninfo(settings.database),
                                            files.mine, settings.journal.group, context.ended};
    const bool readable = context.journal != nullptr && !is_failed(lines, "journal");
    co_await check_tables(of_projections, readable ? context.journal : nullptr, lines);
    if (readable && !is_failed(lines, "database"))
        co_await check_positions(context, files.all, lines);
}

} // namespace

awaitable<check_lines> check_server(server_check_context context) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto& settings = context.settings;
    check_lines lines;
    lines.push_back({"settings", check_status::ok, "every setting can be read"});
    lines.push_back(port_line(executor, settings.serving));
    if (context.ended)
        co_await context.ended(lines);
    if (context.journal != nullptr)
        co_await check_journal(settings, *context.journal, context.blocking, lines);
    if (context.ended)
        co_await context.ended(lines);
    auto files = std::make_shared<served_projections>();
    if (settings.serving.has_journal()) {
        std::function<void()> reading = [files, &settings] { *files = read_files(settings); };
        co_await context.blocking.run(std::move(reading));
        if (files->unread)
            lines.push_back(archive::failed_line("projections", files->unread));
        add_directories(files->mine, lines);
        add_queries(files->queries, lines);
    }
    if (settings.serving.offers(api::exports))
        lines.push_back({"exports", check_status::skipped, "see `event-archiver check --for export`"});
    if (context.ended)
        co_await context.ended(lines);
    if (settings.serving.has_journal() && !settings.database.empty())
        co_await check_database(context, *files, lines);
    co_return lines;
}

} // namespace app
