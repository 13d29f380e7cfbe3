#include "events/projection/rebuild/rebuild.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/follow/stream.hpp"
#include "events/projection/rebuild/rebuild_work.hpp"
#include "events/projection/rebuild/swap_tables.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/stop_reason.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace events {

using async::failure;
using async::fault_point;

namespace {

constexpr std::chrono::seconds prepare_patience{30};

void must_name_no_schema(const projection_definition& which) {
    if (which.settings.tables.empty())
        throw async::error(failure::precondition,
                           fmt::format("projection '{}' does not name its tables", which.name),
                           "List them in projection.conf: tables = public.users_revenue");
    for (const auto& [file, sql] : which.sql_files)
        if (const auto line = line_that_names(sql, which.settings.tables); line > 0)
            throw async::error(
                failure::precondition,
                fmt::format(
                    "'{}/{}', line {}, names a table by its schema: it would mean the live table during a"
                    " rebuild",
                    which.name, file, line),
                "Name tables without a schema; `tables` says where they are found.");
}

[[noreturn]] void rethrow_with(const std::exception_ptr& failed, const std::string& doing) {
    try {
        std::rethrow_exception(failed);
    } catch (async::error& said) {
        said.add_context(doing);
        throw;
    }
}

} // namespace

awaitable<void> rebuild_work::run() {
    must_name_no_schema(definition_);
    co_await sources_.find();
    std::function<awaitable<void>(db::connection&)> preparing = [this](db::connection& session) {
        return prepare(session);
    };
    co_await session_.use(std::move(preparing));
    log_.info("projection.rebuild", "a rebuild begins", {{"projection", request_.which.name}});
    fault_point("rebuild-prepared");
    if (request_.prepared)
        request_.prepared();
    while (!swapped_) {
        co_await take_in_what_came();
        const auto failed = co_await async::caught(catch_up());
        if (failed)
            co_await leave(failed);
        fault_point("rebuild-caught-up");
        std::function<awaitable<void>(db::connection&)> swapping = [this](db::connection& session) {
            return swap(session);
        };
        co_await session_.use(std::move(swapping));
    }
    log_.info("projection.rebuilt", "the new tables have replaced the old ones",
              {{"projection", request_.which.name}, {"old_tables_in", parking_}});
}

awaitable<void> rebuild_work::take_in_what_came() {
    co_await sources_.find();
    std::function<awaitable<void>(db::connection&)> body =
        [this](db::connection& session) -> awaitable<void> {
        auto missing = co_await sources_.what_is_missing(session);
        if (missing)
            throw std::move(*missing);
        for (; begun_ < sources_.all().size(); ++begun_) {
            const auto& each = sources_.all()[begun_];
            const position_key key{temporary_, each.source->name(), each.partition};
            co_await begin_at(session, key, each.there.id, each.start);
        }
    };
    co_await session_.use(std::move(body));
}

awaitable<void> rebuild_work::prepare(db::connection& session) {
    db::transaction_options options;
    options.lock_timeout = prepare_patience;
    db::transaction_body body = [this](db::connection& one) { return make_tables(one); };
    (void)co_await db::in_transaction(session, options, std::move(body), "rebuild-before-prepared");
}

awaitable<bool> rebuild_work::make_tables(db::connection& session) {
    co_await lock_tables_of_projections(session);
    // This comes first: a batch of a rebuild that was begun before is over once its row is gone.
    (void)co_await session.query("DELETE FROM event_archiver.position WHERE projection = $1", temporary_);
    co_await session.execute(fmt::format("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}",
                                         db::connection::identifier(rebuild_schema(definition_))));
    schema_oid_ = co_await schema_oid(session, rebuild_schema(definition_));
    live_tables_ = co_await tables_to_lock(session, definition_);
    co_await session.execute(search_path_statement(definition_, rebuild_schema(definition_)));
    for (const auto& each : definition_.migrations) {
        const auto failed = co_await async::caught(session.execute(each.sql));
        if (failed)
            rethrow_with(failed, fmt::format("migration '{}/{}'", definition_.name, each.name));
    }
    co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp");
    co_await must_be_free_to_swap(session, definition_);
    co_await must_have_rows_of_events_alone(session);
    auto missing = co_await sources_.what_is_missing(session);
    if (missing)
        throw std::move(*missing);
    (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1", temporary_);
    for (const auto& each : sources_.all()) {
        const position_key live{request_.which.name, each.source->name(), each.partition};
        const auto row = co_await look_at(session, live);
        // From now until the position exists, no event is removed. The live projection may have gone on since
        // the journal was first read.
        const auto now = co_await each.source->look(each.partition);
        if (row) {
            must_belong(live, *row, now);
            co_await must_go_on(*each.source, live, *row, now);
        }
        if (now.begin > each.start)
            sources_.must_have_all_events(each.source->name(), now);
        const position_key key{temporary_, each.source->name(), each.partition};
        co_await begin_at(session, key, each.there.id, each.start);
    }
    begun_ = sources_.all().size();
    co_return true;
}

awaitable<void> rebuild_work::must_have_rows_of_events_alone(db::connection& session) {
    auto why = std::string();
    if (!request_.from.only_events)
        why = co_await rows_without_events(session, request_.which);
    if (!why.empty())
        throw async::error(
            failure::precondition,
            fmt::format("projection '{}' cannot be rebuilt: {}, and the new table would lack them",
                        request_.which.name, why),
            fmt::format("`projections rebuild {} --only-events` makes it of the journal's events alone and"
                        " keeps the old table in another schema.",
                        definition_.name));
}

// What only a person can mend is not tried again: neither the tables nor events for them are kept.
awaitable<void> rebuild_work::leave(std::exception_ptr failed) {
    const auto why = error_in(failed);
    if (why && stops_projection(*why)) {
        std::function<awaitable<void>(db::connection&)> discarding = [this](db::connection& session) {
            return discard(session);
        };
        (void)co_await async::caught_error(session_.use(std::move(discarding)));
    }
    std::rethrow_exception(failed);
}

awaitable<void> rebuild_work::catch_up() {
    for (const auto& each : sources_.all()) {
        stream_options options;
        options.once = true;
        options.worker = request_.worker;
        options.schema = rebuild_schema(definition_);
        options.schema_oid = schema_oid_;
        projection_stream stream(session_, *each.source, each.partition, temporary_, definition_,
                                 std::move(options), log_);
        co_await run_shown(stream, request_.applying);
    }
}

awaitable<void> rebuild_projection(projection_session& session, journal& of, rebuild_request request,
                                   async::log& log) {
    rebuild_work work(session, of, std::move(request), log);
    co_await work.run();
}

} // namespace events
