#include "events/projection/apply/apply_batch.hpp"

#include "async/fault_point.hpp"
#include "db/in_savepoint.hpp"
#include "db/in_transaction.hpp"
#include "events/event_mark.hpp"
#include "events/projection/apply/apply_in_pieces.hpp"
#include "events/projection/apply/apply_plugins.hpp"
#include "events/projection/apply/batch_values.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "events/projection/control.hpp"
#include "events/projection/plugin_settings.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <utility>

namespace events {

namespace {

using async::fault_point;

constexpr std::chrono::seconds batch_lock_patience{10};
constexpr std::chrono::milliseconds table_lock_patience{1'000};

// A process that is stopped in the middle of a transaction holds up those that stand by for no longer.
constexpr std::string_view batch_settings =
    "SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '5s'; ";
// apply.sql may have set another one, which has no right to the tables of event_archiver.
constexpr std::string_view own_role = "SET LOCAL role = DEFAULT";

class batch_work {
  public:
    batch_work(db::connection& session, const batch_target& target, event_list events, position from,
               position to, async::log& log)
        : session_(session)
        , target_(target)
        , events_(events)
        , from_(from)
        , to_(to)
        , log_(log)
        , source_{target.journal, target.key.topic, target.key.partition} {
        for (std::size_t each = 0; each < events.size(); ++each)
            if (const auto mistake = mistake_in(events[each].content.value); !mistake.reason.empty())
                invalid_.push_back({each, mistake.sqlstate, mistake.reason, mistake.reason});
    }

    // Applies the batch as a whole; if it is refused, once more in pieces.
    [[nodiscard]] awaitable<batch_report> run() {
        fault_point("projection-begin");
        if (invalid_.empty()) {
            try {
                co_return co_await in_one_transaction(false);
            } catch (const db::error& said) {
                if (refusal_of(said) > refusal::passing || !session_.usable())
                    throw;
                whole_refused_ = true;
            }
        }
        fault_point(whole_refused_ ? "projection-refused" : "projection-invalid");
        co_return co_await in_one_transaction(true);
    }

    [[nodiscard]] awaitable<batch_report> within() {
        report_ = {};
        co_await session_.execute(std::string(own_role)); // after an earlier batch in the same transaction
        (void)co_await apply(true);
        co_return report_;
    }

  private:
    [[nodiscard]] awaitable<batch_report> in_one_transaction(bool in_pieces) {
        db::transaction_options options;
        options.lock_timeout = batch_lock_patience;
        report_ = {};
        db::transaction_body body = [this, in_pieces](db::connection&) { return apply(in_pieces); };
        // A process that ends need not wait: its successor knows the outcome from the position.
        if (co_await db::in_transaction(session_, options, std::move(body), "projection-before-commit",
                                        db::commit_shield::none))
            fault_point("projection-after-commit");
        co_return report_;
    }

    // Returns false if it was fenced.
    [[nodiscard]] awaitable<bool> apply(bool in_pieces) {
        // This comes first: after it, a process that is stopped in the transaction keeps others waiting for 5
        // s at most.
        auto settings =
            std::string(batch_settings) + search_path_statement(target_.definition, target_.schema);
        if (!target_.locked_tables.empty()) // in the order in which a replay and a rebuild lock them
            settings += "; LOCK TABLE event_archiver.position IN ROW EXCLUSIVE MODE";
        co_await session_.execute(settings);
        co_await lock_tables();
        report_.mark = events_.empty() ? target_.mark : mark_of(events_.back());
        position_move move{target_.key,    target_.journal, from_,        to_,
                           target_.worker, report_.mark,    target_.mark, target_.read_files};
        auto replay = co_await move_position(session_, std::move(move));
        // Events that are applied again and events that are new must not be in one batch.
        const bool again = replay && !events_.empty() && events_.front().at < replay->until;
        report_.fenced = !replay || (again && events_.back().at >= replay->until);
        report_.next = to_;
        if (report_.fenced)
            co_return false;
        left_out_ = again ? replay->left_out : replay_mark().left_out;
        co_await must_be_its_schema();
        fault_point("projection-moved");
        if (events_.empty())
            co_return true;
        if (in_pieces)
            co_await apply_pieces();
        else
            co_await apply_whole(target_.definition.apply);
        fault_point("projection-applied");
        co_await apply_to_plugins();
        co_await write_dead_letters();
        report_.events = accepted_end_;
        report_.dead_letters = refused_.size();
        co_return true;
    }

    // No snapshot is taken before. Other writers wait behind a LOCK TABLE that waits: it does so for a short
    // while, and the batch goes on without the locks. That is so too where the role has no right to them, or
    // a table is not there.
    [[nodiscard]] awaitable<void> lock_tables() {
        if (target_.locked_tables.empty())
            co_return;
        const auto sql = fmt::format("SET LOCAL lock_timeout = {}; LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE;"
                                     " SET LOCAL lock_timeout = {}",
                                     table_lock_patience.count(), target_.locked_tables,
                                     std::chrono::milliseconds(batch_lock_patience).count());
        const auto refused = co_await db::in_savepoint(session_, session_.execute(sql));
        const bool is_taken = !refused;
        if (target_.conflicts != nullptr)
            target_.conflicts->note_lock(is_taken, write_conflicts::clock::now());
    }

    // Another rebuild of the same projection may have dropped the schema and made it again, or swapped it:
    // then names would be found in the schemas of the live tables.
    [[nodiscard]] awaitable<void> must_be_its_schema() {
        if (target_.schema.empty())
            co_return;
        const auto now = co_await schema_oid(session_, target_.schema);
        if (now != target_.schema_oid)
            throw another_rebuild();
    }

    [[nodiscard]] events_to_apply part(event_range range) const {
        return part_of({events_, source_, left_out_}, range);
    }

    [[nodiscard]] awaitable<void> apply_whole(const apply_sql& sql) {
        std::vector<event_range> whole(1, event_range{0, events_.size()});
        for (const auto& each : runs_of(std::move(whole), events_, sql))
            co_await apply_events(session_, sql, part(each));
        accepted_end_ = events_.size();
    }

    [[nodiscard]] awaitable<void> apply_pieces() {
        batch_in_pieces pieces{target_, {events_, source_, left_out_}, from_, to_, whole_refused_};
        refused_ = co_await apply_in_pieces(session_, pieces, invalid_);
        if (target_.definition.settings.on_error == error_policy::block && !refused_.empty())
            co_await stop_before(refused_.front());
        else
            accepted_end_ = events_.size();
    }

    // The position was moved behind the whole batch.
    [[nodiscard]] awaitable<void> stop_before(const refused_event& first) {
        accepted_end_ = first.index;
        report_.next = events_[first.index].at;
        report_.blocked_by = first.printed.find(first.sqlstate) != std::string::npos
                                 ? first.printed
                                 : fmt::format("{} (SQLSTATE {})", first.printed, first.sqlstate);
        refused_.clear();
        report_.mark = first.index > 0 ? mark_of(events_[first.index - 1]) : target_.mark;
        co_await move_back();
    }

    [[nodiscard]] awaitable<void> move_back() {
        plugin_settings of_apply; // the plugins find them
        co_await of_apply.note(session_);
        co_await session_.execute(std::string(own_role));
        const auto next = std::to_string(report_.next);
        const auto partition = std::to_string(target_.key.partition);
        const auto sql = fmt::format(
            "UPDATE event_archiver.position AS p SET next = $4::pg_catalog.int8, mark = $5 WHERE{}",
            of_the_key);
        (void)co_await session_.query(sql, target_.key.projection, target_.key.topic, partition, next,
                                      report_.mark);
        co_await of_apply.set_back(session_);
    }

    [[nodiscard]] awaitable<void> apply_to_plugins() {
        std::vector<std::size_t> left_out;
        for (const auto& each : refused_)
            left_out.push_back(each.index);
        const auto accepted = ranges_without(accepted_end_, left_out);
        if (target_.definition.plugins.empty() || accepted.empty())
            co_return;
        const plugin_batch batch{
            target_.key.projection, from_, {events_, source_, left_out_}, accepted, target_.patience};
        report_.plugin_failures = co_await apply_plugins(session_, target_.definition.plugins, batch, log_);
    }

    [[nodiscard]] awaitable<void> write_dead_letters() {
        if (!refused_.empty())
            co_await session_.execute(std::string(own_role));
        for (const auto& each : refused_) {
            dead_letter made;
            made.key = target_.key;
            made.refused = events_[each.index];
            made.sqlstate = each.sqlstate;
            made.reason = each.reason;
            made.journal = target_.journal;
            co_await write_down(session_, std::move(made));
            fault_point("projection-dead-letter");
        }
    }

    db::connection& session_;
    const batch_target& target_;
    event_list events_;
    position from_;
    position to_;
    async::log& log_;
    event_source source_;
    std::vector<refused_event> invalid_;
    std::vector<refused_event> refused_; // by index
    std::size_t accepted_end_ = 0;       // events before it are applied or refused
    bool whole_refused_ = false;         // the whole batch has been tried
    std::string left_out_ = "{}";        // of a replay, for apply.sql
    batch_report report_;
};

} // namespace

awaitable<batch_report> apply_batch(db::connection& session, const batch_target& target, event_list events,
                                    position from, position to, async::log& log) {
    batch_work work(session, target, events, from, to, log);
    co_return co_await work.run();
}

awaitable<batch_report> apply_within(db::connection& session, const batch_target& target, event_list events,
                                     position from, position to, async::log& log) {
    batch_work work(session, target, events, from, to, log);
    co_return co_await work.within();
}

} // namespace events
