#include "events/projection/rebuild.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "events/projection/apply_batch.hpp"
#include "events/projection/in_transaction.hpp"
#include "events/projection/rebuild_rows.hpp"
#include "events/projection/rebuild_sources.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/stream.hpp"
#include "events/projection/swap_tables.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace events {

namespace {

using async::failure;
using async::fault_point;

constexpr std::chrono::seconds prepare_patience{30};
// Readers of a table wait behind a swap that waits for one of them.
constexpr std::chrono::seconds swap_patience{3};
constexpr std::chrono::seconds swap_read_patience{10};

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

class rebuild_work {
  public:
    rebuild_work(projection_session& session, journal& of, rebuild_request request, async::log& log)
        : session_(session)
        , request_(std::move(request))
        , definition_(request_.which.definition)
        , log_(log)
        , temporary_(rebuild_name(request_.which.name))
        , sources_(of, request_.which, request_.from) {}

    [[nodiscard]] awaitable<void> run() {
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
            co_await catch_up();
            fault_point("rebuild-caught-up");
            std::function<awaitable<void>(db::connection&)> swapping = [this](db::connection& session) {
                return swap(session);
            };
            co_await session_.use(std::move(swapping));
        }
        log_.info("projection.rebuilt", "the new tables have replaced the old ones",
                  {{"projection", request_.which.name}, {"old_tables_in", parking_}});
    }

  private:
    // Topics and partitions that were made while the others were read.
    [[nodiscard]] awaitable<void> take_in_what_came() {
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

    [[nodiscard]] awaitable<void> prepare(db::connection& session) {
        db::transaction_options options;
        options.lock_timeout = prepare_patience;
        transaction_body body = [this](db::connection& one) { return make_tables(one); };
        (void)co_await in_transaction(session, options, std::move(body), "rebuild-before-prepared");
    }

    // The schema, its tables, and where reading begins.
    [[nodiscard]] awaitable<bool> make_tables(db::connection& session) {
        co_await lock_tables_of_projections(session);
        // First of all: a batch of a rebuild that was begun before is over once its row is gone.
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
        (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1",
                                     temporary_);
        for (const auto& each : sources_.all()) {
            const position_key live{request_.which.name, each.source->name(), each.partition};
            const auto row = co_await look_at(session, live);
            // No event is removed now until the position is there. The live projection may have gone on
            // since the journal was looked at first.
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

    [[nodiscard]] awaitable<void> must_have_rows_of_events_alone(db::connection& session) {
        auto why = std::string();
        if (!request_.from.only_events)
            why = co_await rows_without_events(session, request_.which);
        if (!why.empty())
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' cannot be rebuilt: {}, and the new table would lack them",
                            request_.which.name, why),
                fmt::format(
                    "`projections rebuild {} --only-events` makes it of the journal's events alone and"
                    " keeps the old table in another schema.",
                    definition_.name));
    }

    // Rows of others that came after the projection had begun. Returns whether the old tables are to be kept.
    [[nodiscard]] awaitable<bool> must_not_shrink(db::connection& session) {
        const auto shrink = co_await tables_that_shrink(session, definition_);
        if (shrink.empty())
            co_return false;
        const bool meant = co_await sources_.leave_events_out(session);
        if (!meant && !request_.from.only_events)
            throw async::error(
                failure::precondition,
                fmt::format("the new tables of projection '{}' would lack rows that the live ones have: {}",
                            request_.which.name, shrink),
                fmt::format(
                    "Others wrote them, or apply.sql leaves them out now. If they may go, `projections"
                    " rebuild {} --only-events` keeps the old tables in another schema.",
                    definition_.name));
        co_return true;
    }

    [[noreturn]] static void rethrow_with(const std::exception_ptr& failed, const std::string& doing) {
        try {
            std::rethrow_exception(failed);
        } catch (async::error& said) {
            said.add_context(doing);
            throw;
        }
    }

    [[nodiscard]] awaitable<void> catch_up() {
        for (const auto& each : sources_.all()) {
            stream_options options;
            options.once = true;
            options.worker = request_.worker;
            options.schema = rebuild_schema(definition_);
            options.schema_oid = schema_oid_;
            projection_stream stream(session_, *each.source, each.partition, temporary_, definition_,
                                     std::move(options), log_);
            co_await stream.run();
        }
    }

    [[nodiscard]] awaitable<void> swap(db::connection& session) {
        // Its answer may have been lost: the temporary position went with it.
        if (swap_sent_) {
            const auto left =
                co_await session.query("SELECT pg_catalog.count(*) FROM event_archiver.position p WHERE "
                                       "p.projection OPERATOR(pg_catalog.=)"
                                       " $1::pg_catalog.text",
                                       temporary_);
            swapped_ = !sources_.all().empty() && left.integer(0, 0) == 0;
            if (swapped_)
                co_return;
        }
        db::transaction_options options;
        options.lock_timeout = swap_patience;
        transaction_body body = [this](db::connection& one) { return move_over(one); };
        far_behind_ = false;
        swap_sent_ = true;
        const auto done = co_await async::outcome_of(
            in_transaction(session, options, std::move(body), "rebuild-before-swap"));
        if (far_behind_) { // once more around
            swap_sent_ = false;
            co_return;
        }
        if (done.failed) {
            if (async::failure_of(done.failed) == failure::precondition)
                co_await discard(session);
            std::rethrow_exception(done.failed);
        }
        fault_point("rebuild-swapped");
        swapped_ = true;
    }

    // What is refused is not tried again: neither its tables nor events for them are kept.
    [[nodiscard]] awaitable<void> discard(db::connection& session) {
        const auto failed =
            co_await async::caught_error(discard_rebuild(session, definition_, temporary_, schema_oid_));
        if (failed)
            log_.info("projection.rebuild_left", "the next rebuild removes the tables of this one",
                      {{"projection", request_.which.name}});
    }

    [[nodiscard]] awaitable<bool> move_over(db::connection& session) {
        co_await lock_tables_of_projections(session);
        // No batch of the live projection is in the middle, and none begins. It takes no snapshot, as a query
        // would: what is read behind it is the last.
        co_await session.execute("LOCK TABLE event_archiver.position IN SHARE ROW EXCLUSIVE MODE");
        // Rows are counted below: others write none from here on.
        if (!live_tables_.empty())
            co_await session.execute(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", live_tables_));
        const auto schema = co_await schema_oid(session, rebuild_schema(definition_));
        if (schema != schema_oid_)
            throw another_rebuild();
        auto missing = co_await sources_.what_is_missing(session);
        if (missing) {
            far_behind_ = true;
            throw std::move(*missing);
        }
        for (const auto& each : sources_.all())
            co_await level(session, each);
        co_await must_be_free_to_swap(session, definition_);
        const bool shrink = co_await must_not_shrink(session);
        const bool keeps = definition_.settings.replay == replay_policy::keep;
        parking_ = co_await swap_tables(session, definition_, keeps || shrink || request_.from.only_events);
        co_await note_only_events(session, definition_);
        for (const auto& each : sources_.all()) {
            position_key live{request_.which.name, each.source->name(), each.partition};
            co_await drop_letters_from(session, std::move(live), each.start);
        }
        co_await rename_rows(session, temporary_, request_.which.name);
        co_await record_migrations(session, definition_);
        co_return true;
    }

    // The new tables get what the live projection has applied and they lack: the last batch.
    [[nodiscard]] awaitable<void> level(db::connection& session, rebuilt_partition each) {
        const position_key live_key{request_.which.name, each.source->name(), each.partition};
        const position_key key{temporary_, each.source->name(), each.partition};
        const auto live = co_await look_at(session, live_key);
        const auto mine = co_await look_at(session, key);
        if (!mine)
            throw another_rebuild();
        if (!live || live->journal != mine->journal || live->next <= mine->next)
            co_return;
        const auto missing = static_cast<std::size_t>(live->next - mine->next);
        far_behind_ = missing > definition_.settings.batch;
        if (far_behind_)
            throw async::error(failure::temporary, "the live projection is more than one batch ahead");
        std::vector<recorded_event> last;
        for (auto at = mine->next; at < live->next;) {
            auto read = co_await each.source->read(each.partition, at, definition_.settings.batch_bytes,
                                                   async::deadline::after(swap_read_patience));
            if (read.events.empty() && read.next <= at)
                throw async::error(failure::temporary, "the journal does not give the last events");
            for (auto& one : read.events)
                if (one.at < live->next)
                    last.push_back(std::move(one));
            at = read.next;
        }
        batch_target target{
            definition_, key,       mine->journal, request_.worker, rebuild_schema(definition_),
            schema_oid_, mine->mark};
        const auto report = co_await apply_within(session, target, last, mine->next, live->next, log_);
        if (!report.blocked_by.empty() || report.fenced)
            throw async::error(failure::temporary, "the last batch could not be applied to the new tables");
        co_await session.execute(
            "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL synchronous_commit = on;"
            " SET LOCAL idle_in_transaction_session_timeout = 0");
    }

    projection_session& session_;
    rebuild_request request_;
    const projection_definition& definition_;
    async::log& log_;
    std::string temporary_;  // the name of its position
    std::string schema_oid_; // of the schema that this process has made
    rebuild_sources sources_;
    std::size_t begun_ = 0;   // of the sources: they have a position
    std::string live_tables_; // those that are there, as LOCK takes them
    std::string parking_;     // where the old ones are kept
    bool swap_sent_ = false;
    bool swapped_ = false;
    bool far_behind_ = false;
};

} // namespace

awaitable<void> rebuild_projection(projection_session& session, journal& of, rebuild_request request,
                                   async::log& log) {
    rebuild_work work(session, of, std::move(request), log);
    co_await work.run();
}

} // namespace events
