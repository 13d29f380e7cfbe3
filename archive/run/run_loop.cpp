#include "archive/run/run_loop.hpp"

#include "archive/run/end_transaction.hpp"
#include "archive/run/explain_refusal.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"

#include <utility>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

namespace {

awaitable<void> list_files(const run_context& context, run_transaction& opened) {
    const async::span shown(context.log, "job", "list files");
    auto found = co_await context.lake.contents();
    opened.files = std::move(found.days);
    opened.copies = std::move(found.copies);
    context.report.files_pending = opened.files.count(lake::file_trait::pending);
    const auto& part = context.settings.shard;
    const auto of_others = [&part](const lake::file_key& key) {
        const auto count = static_cast<std::int64_t>(part.count);
        return (key.which.number() % count + count) % count != part.index;
    };
    if (part.count > 1) {
        opened.files_of_shards = opened.files.take_if(of_others);
        (void)opened.copies.take_if(of_others);
    }
}

} // namespace

awaitable<void> run_loop::repeat(attempt_body body) {
    lake::attempt_steps steps;
    steps.attempt = [this, &body] { return attempt(body); };
    steps.tell_again = [this](const std::exception_ptr& conflict, int times) {
        context_.log.warn("run.again", "old rows or files were changed meanwhile: the run begins again",
                          {{"error.message", async::describe(conflict)}, {"attempt", times}});
    };
    steps.lock_is_held = [this] { return opener_.lock_is_held(); };
    steps.tail_is_open = [] {
        return async::error(failure::locked,
                            "a file waits for a transaction that is still in progress on the server",
                            "If no other run is at work, its connection will end by itself; look in"
                            " pg_stat_activity.");
    };
    const auto& settings = context_.settings;
    lake::attempt_limits limits{&tools_.lease, context_.stop, settings.lock_wait, settings.settle_wait};
    co_await lake::repeat_attempts(limits, std::move(steps));
}

awaitable<attempt_result> run_loop::attempt(const attempt_body& body) {
    ++context_.report.attempts;
    context_.report.enter(run_phase::connecting);
    auto result = attempt_result::finished;
    const auto inside = [this, &body, &result](db::connection& session) -> awaitable<void> {
        run_transaction opened(session);
        if (co_await opener_.open(opened))
            result = co_await work_in(opened, body);
        else
            result = attempt_result::lock_busy;
    };
    const auto failed = co_await async::caught(db::with_session(context_.access(), inside));
    if (failed)
        std::rethrow_exception(co_await explained(context_.lake, failed));
    co_return result;
}

awaitable<attempt_result> run_loop::work_in(run_transaction& opened, const attempt_body& body) {
    fault_point("locked");
    context_.report.enter(run_phase::settling);
    // A file that another server's run changes in between has another ETag than the listed one.
    if (container_ == absent_container::is_refused)
        co_await context_.lake.must_be_there();
    if (container_ == absent_container::is_done) {
        const bool there = co_await context_.lake.is_there();
        if (!there) {
            co_await opened.transaction->rollback();
            context_.log.warn(
                "folder.not_there", "there is no container: nothing can wait in it",
                {{"container", context_.lake.client().container()},
                 {"hint", "Check ARCHIVE_PATH; the first `event-archiver archive` creates it."}});
            co_return attempt_result::finished;
        }
    }
    co_await list_files(context_, opened);
    if (opened.position.cluster.empty()) {
        // The owner of the folder cannot be known, so nothing is written to it: `body` finds nothing to do,
        // or asks for the identity itself.
        if (opened.files.count(lake::file_trait::awaiting) > 0)
            db::must_be_identified(opened.position);
        const auto result = co_await body(opened);
        co_await leave(context_, tools_.lease, opened, attempts_left::more);
        co_return result;
    }
    auto wanted = co_await claim_of(opened);
    if (!co_await tools_.lease.take(std::move(wanted))) {
        co_await opened.transaction->rollback();
        co_return attempt_result::lease_busy;
    }
    if (const auto unsettled = co_await settle(opened)) {
        co_await opened.transaction->rollback();
        co_return *unsettled;
    }
    const auto result = co_await body(opened);
    co_await leave(context_, tools_.lease, opened,
                   result == attempt_result::finished ? attempts_left::none : attempts_left::more);
    co_return result;
}

awaitable<std::optional<attempt_result>> run_loop::settle(run_transaction& opened) {
    const async::span shown(context_.log, "job", "settle");
    if (!opened.copies.empty())
        co_await tools_.lease.ready_to_write();
    // First: the files that they leave may be pending.
    if (const auto finished = co_await finish_conversions(opened); finished > 0) {
        context_.report.files_settled += finished;
        co_return attempt_result::settled;
    }
    if (context_.report.files_pending > 0)
        db::must_be_identified(opened.position);
    const settle_place here{opened.session, opened.table, opened.position};
    const auto outcome = co_await tools_.settler.settle(here, opened.files);
    context_.report.files_settled += outcome.settled;
    if (outcome.waiting)
        co_return attempt_result::tail_waiting;
    if (outcome.settled > 0)
        co_return attempt_result::settled;
    co_return std::nullopt;
}

// Finishes the conversions of append blobs that an earlier run began.
awaitable<std::uint64_t> run_loop::finish_conversions(const run_transaction& opened) {
    for (const auto& [key, copy] : opened.copies) {
        co_await tools_.converter.settle(copy, opened.files.find(key));
    }
    co_return opened.copies.size();
}

} // namespace archive
