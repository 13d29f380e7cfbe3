#include "archive/stage/table_reader.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/retry.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "db/error.hpp"
#include "db/lock_timeout.hpp"
#include "db/session_scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace archive {

using async::failure;

awaitable<void> table_reader::read_days(std::vector<planned_day> days) {
    pieces all;
    all.count = days.size();
    all.read = [this, &days](db::connection& session, std::size_t index) -> awaitable<void> {
        co_await rows_.read_day(session, days[index]);
        if (context_.day_is_read)
            context_.day_is_read(days[index].which);
    };
    all.where = [this, &days](std::size_t index) {
        return where_clause(context_.table, one_day(context_.rows, days[index].which));
    };
    all.which = [&days](std::size_t index) { return std::optional(days[index].which); };
    all.place = [&days](std::size_t index) { return "day " + days[index].which.text(); };
    co_await run(all);
}

awaitable<void> table_reader::read_ranges(std::vector<page_range> ranges) {
    std::vector<std::optional<lake::day>> last(ranges.size());
    pieces all;
    all.count = ranges.size();
    all.read = [this, &ranges, &last](db::connection& session, std::size_t index) {
        return rows_.read_range(session, ranges[index], last[index]);
    };
    all.where = [this, &ranges](std::size_t index) {
        return range_clause(context_.table, context_.rows, ranges[index]);
    };
    all.which = [](std::size_t) { return std::optional<lake::day>(); };
    all.place = [&ranges, &last](std::size_t index) {
        const auto from = ranges[index].first;
        return last[index]
                   ? fmt::format("after a row of day {} in the pages from {}", last[index]->text(), from)
                   : fmt::format("the first row in the pages from {}", from);
    };
    co_await run(all);
}

awaitable<void> table_reader::run(const pieces& all) {
    std::vector<awaitable<void>> tasks;
    lanes_ = std::min(all.count, context_.parallel);
    for (std::size_t lane_number = 0; lane_number < lanes_; ++lane_number)
        tasks.push_back(lane(all));
    for (std::size_t uploader = 0; uploader < context_.parallel; ++uploader)
        tasks.push_back(target_.upload());
    co_await async::run_all(std::move(tasks));
}

awaitable<void> table_reader::lane(const pieces& all) {
    const db::database_access database{context_.database, context_.helper, context_.log};
    bool connected = false;
    const std::function<awaitable<void>(db::connection&)> body = [this, &all,
                                                                  &connected](db::connection& session) {
        connected = true;
        return work(session, all);
    };
    std::exception_ptr failed;
    const auto attempt = [&]() -> awaitable<void> {
        try {
            co_await db::with_session(database, body);
        } catch (const db::error& said) {
            if (connected || said.state() != db::too_many_connections) {
                failed = std::current_exception();
                co_return;
            }
            // The other readers do its work: it has taken none yet. The last reader tries again: refused
            // connections count towards the limit for a moment.
            if (lanes_ == 1 && next_ < all.count)
                throw;
            tell_fewer_lanes(said);
        } catch (const async::error&) {
            failed = std::current_exception();
        }
    };
    std::uint64_t retries = 0;
    async::retry_context patience{{6, std::chrono::milliseconds(200), std::chrono::milliseconds(2'000)},
                                  async::make_random_source(),
                                  context_.log,
                                  retries};
    co_await async::retry(patience, "a reader's connection", async::deadline(), attempt);
    if (failed)
        std::rethrow_exception(failed);
    if (--lanes_ > 0)
        co_return;
    co_await target_.settle_late();
    for (auto& [which, file] : target_.files())
        target_.finish(*file);
    target_.close();
}

void table_reader::tell_fewer_lanes(const db::error& why) {
    if (!std::exchange(fewer_said_, true))
        context_.log.warn("readers.fewer", "the server allows no more connections: fewer readers work",
                          {{"parallel", context_.parallel}, {"error.message", why.message()}});
}

db::transaction_options table_reader::in_snapshot() const {
    db::transaction_options options;
    options.mode = db::access::read_only;
    options.snapshot = context_.snapshot;
    options.lock_timeout = db::lock_timeout_of(context_.lock_timeout);
    return options;
}

awaitable<void> table_reader::work(db::connection& session, const pieces& all) {
    std::optional<db::transaction> transaction;
    try {
        transaction = co_await db::transaction::begin(session, in_snapshot());
    } catch (const db::error& failed) {
        // 22023: "invalid snapshot identifier".
        if (failed.state() != "22023")
            throw;
        throw async::error(failure::temporary, "the snapshot is gone: the coordinator's session was lost");
    }
    // Before the first piece of work is taken: the coordinator's locks keep the table from being rewritten,
    // and this does not wait for a session that waits for the coordinator.
    co_await lock_table_at_once(session, context_.table.named);
    co_await must_have_locked(session, context_.table.named);
    co_await must_see_as_coordinator(session);
    while (next_ < all.count) {
        const auto index = next_++;
        std::optional<db::error> refused;
        std::exception_ptr unequal;
        try {
            co_await all.read(session, index);
        } catch (const db::error& failed) {
            if (!may_be_a_row(failed))
                throw;
            refused = failed;
        } catch (const async::error& failed) {
            if (failed.kind() != failure::integrity)
                throw;
            unequal = std::current_exception();
        }
        if (unequal && session.usable())
            co_await must_still_be_named(session, context_.table.named);
        if (unequal)
            std::rethrow_exception(unequal);
        if (!refused)
            continue;
        co_await transaction->rollback();
        auto row = co_await async::outcome_of(find_row(session, all.where(index)));
        if (row.failed && async::is_cancellation(row.failed))
            std::rethrow_exception(row.failed);
        if (row.failed)
            context_.log.debug("row.not_found", "the row that cannot be sent was not found",
                               {{"error.message", async::describe(row.failed)}});
        throw not_sent(*refused, context_.table, row.value.value_or(std::nullopt), all.place(index),
                       all.which(index));
    }
    co_await transaction->rollback(); // it has only read
}

// Finds the row for the message: a person must repair it.
awaitable<std::optional<unsendable_row>> table_reader::find_row(db::connection& session, std::string where) {
    const async::span shown(context_.log, "readers", "look for the row");
    auto transaction = co_await db::transaction::begin(session, in_snapshot());
    auto found = co_await find_unsendable_row(session, context_.table, std::move(where));
    co_await transaction.rollback(); // it has only read
    co_return found;
}

awaitable<void> table_reader::must_see_as_coordinator(db::connection& session) const {
    // The name of a snapshot is a number: a copy of the server may have one of the same name.
    co_await db::must_be_of_server(session, context_.server);
    const auto oid = std::to_string(context_.table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto asked = co_await session.query("SELECT row_security_active($1::oid)", parameters);
    if (asked.boolean(0, 0) == context_.policies_apply)
        co_return;
    throw async::error(
        failure::integrity,
        fmt::format("row security of {} applies to some sessions of this run and not to others",
                    context_.table.name),
        std::string(one_view_hint));
}

} // namespace archive
