#include "archive/settle/settler.hpp"

#include "archive/settle/look_at_rows.hpp"
#include "archive/settle/refusal.hpp"
#include "archive/settle/verdict.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/hidden_rows.hpp"
#include "archive/table/row_lookup.hpp"
#include "async/error.hpp"
#include "db/fate.hpp"
#include "db/position.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <deque>
#include <string>
#include <utility>

namespace archive {

using async::failure;

namespace {

void say_decided(async::log& log, const lake::listed_file& file, settle_decision decision,
                 const settle_facts& facts) {
    const auto& mark = *file.mark.mark;
    const auto author = lake::awaited(mark).value();
    log.info("settle.decided", "recovered a file of an earlier run",
             {{"blob", file.properties.name},
              {"decision", to_string(decision)},
              {"transaction", author.transaction},
              {"transaction.fate", to_string(facts.fate)}});
    // A restore that was rolled back moved no rows: nothing was looked for.
    if (facts.said == db::fate::aborted && decision == settle_decision::keep && !mark.restoring)
        log.warn(
            "settle.kept",
            "the server says that a transaction was rolled back, and its rows are not in the table: the file"
            " keeps them, as the only copy or as rows that were archived elsewhere since",
            {{"blob", file.properties.name}, {"transaction", author.transaction}, {"rows", mark.now.rows}});
}

std::string fate_key(const db::transaction_mark& author) {
    return fmt::format("{}/{}/{}", author.position.timeline, author.position.lsn, author.transaction);
}

// `fates`: by fate_key, what the server says. A server that was started again may have given the number to
// another transaction.
bool is_committed(const lake::listed_file& file, const std::map<std::string, db::fate>& fates,
                  const db::server_position& now) {
    const auto& mark = *file.mark.mark;
    const auto author = lake::awaited(mark).value();
    const auto found = fates.find(fate_key(author));
    return found != fates.end() && found->second == db::fate::committed && !mark.now.dry_run &&
           db::same_server(author.position, now);
}

// A restored day ends with the transaction that deletes its rows. A tail that is kept although that is not
// known to have committed leaves the day restored: its rows may be in the table. If they are not, the next
// archive ends it.
const lake::listed_file* not_ended(const lake::listed_file& file, std::deque<lake::listed_file>& changed) {
    if (!file.mark.mark->restored || !file.mark.mark->restored->ends)
        return &file;
    auto& copy = changed.emplace_back(file);
    copy.mark.mark->restored->ends = false;
    return &copy;
}

// Others may have written a committed file again and kept its mark: the last rows are in no file then.
void must_be_whole(const lake::listed_file& file) {
    const auto& mark = *file.mark.mark;
    if (mark.pending && file.properties.size < mark.now.bytes)
        throw async::error(failure::integrity,
                           fmt::format("'{}' has uncommitted rows that are in no table any more, and "
                                       "somebody has cut it since: it was"
                                       " {} bytes, and is {}",
                                       file.properties.name, mark.now.bytes, file.properties.size),
                           "Put the file back as it was, from a version or a copy: it was the only copy of "
                           "these rows. Else cut it behind its last whole row: `event-archiver"
                           " recover --keep FILE` accepts it then.");
}

// A dry run may leave many such files: the first is told of, the others are counted.
async::error refusal_of_all(const std::vector<async::error>& each) {
    const auto& first = each.front();
    if (each.size() == 1)
        return first;
    return {first.kind(),
            fmt::format("{}; the same holds for {} more files", first.message(), each.size() - 1),
            first.hint()};
}

} // namespace

settler::settler(lake::file_store& files, lake::pending_files& tails, restore_publisher& restores,
                 async::log& log, std::size_t parallel, settle_steps steps, ledger_reader ledger)
    : files_(files)
    , ledger_(std::move(ledger))
    , log_(log)
    , writer_(files, tails, restores, std::move(steps), parallel) {}

awaitable<settling> settler::settle(const settle_place& at, const lake::file_map& files) {
    settling result;
    for (const auto* file : files.with(lake::file_trait::mistaken))
        if (const auto mistake = mark_mistake(*file))
            throw async::error(*mistake);
    auto known = co_await gather(at, files);
    std::vector<decided_file> work;
    std::deque<lake::listed_file> changed; // whose addresses stay
    for (const auto* file : files.with(lake::file_trait::awaiting)) {
        const auto decision = co_await decide(at, *file, known);
        if (decision == settle_decision::wait)
            result.waiting = true;
        else if (decision != settle_decision::refuse_gone)
            work.push_back(
                {decision == settle_decision::keep && !is_committed(*file, known.fates, at.position)
                     ? not_ended(*file, changed)
                     : file,
                 decision, known.doubtful.contains(file)});
    }
    if (!known.gone.empty())
        throw refusal_of_all(known.gone);
    std::vector<const lake::listed_file*> pending;
    for (const auto& each : work)
        if (each.file->mark.mark->pending)
            pending.push_back(each.file);
    co_await must_be_latest(std::move(pending));
    co_await writer_.write(work, at.table, at.position);
    result.settled = work.size();
    co_return result;
}

awaitable<void> settler::must_be_latest(std::vector<const lake::listed_file*> pending) {
    if (pending.empty())
        co_return;
    const auto known = co_await ledger_();
    for (const auto* file : pending) {
        const auto& name = file->properties.name;
        const auto entry = known.find(lake::name_alone(name));
        const auto verdict = entry ? known.verdict_on(*entry, file) : lake::ledger_verdict::as_known;
        if (verdict == lake::ledger_verdict::older || verdict == lake::ledger_verdict::unmarked)
            throw async::error(failure::integrity,
                               fmt::format("'{}': {}", name, known.sentence_of(verdict, *entry)),
                               "Nothing was changed. Put the file back as it was, from a version or a copy.");
    }
}

// What the table has of the samples of all pending tails, asked once.
awaitable<settler::evidence> settler::gather(const settle_place& at, const lake::file_map& files) {
    evidence known;
    if (files.count(lake::file_trait::awaiting) == 0)
        co_return known;
    known.hidden = co_await may_hide_rows(at.session, at.table.named.oid);
    const auto pending = files.with(lake::file_trait::pending);
    known.samples = co_await look_for_samples(at.session, at.table, pending);
    co_return known;
}

awaitable<settle_facts> settler::facts_of(const settle_place& at, const lake::listed_file& file,
                                          evidence& known) {
    const auto& mark = *file.mark.mark;
    const auto author = lake::awaited(mark).value();
    settle_facts facts;
    facts.has_base = mark.base.has_value();
    const auto stands = db::compare_histories(author.position, at.position);
    const bool here = stands != db::history::foreign && mark.table == at.table.named.in_mark();
    facts.origin = here ? origin::this_database : origin::elsewhere;
    facts.ahead = stands == db::history::behind;
    const bool dry_run = mark.pending && mark.now.dry_run;
    facts.certain = dry_run || db::same_server(author.position, at.position);
    if (!here)
        co_return facts;
    const auto key = fate_key(author);
    auto found = known.fates.find(key);
    if (found == known.fates.end()) {
        const auto asked = co_await db::fate_of(at.session, author.transaction, author.position, at.position);
        found = known.fates.emplace(key, asked).first;
    }
    facts.said = found->second;
    if (dry_run && !facts.ahead && facts.said != db::fate::in_progress)
        facts.said = db::fate::aborted; // whatever became of the number
    facts.fate = mark.pending ? believe(facts.said, known.samples.at(&file), facts.certain) : facts.said;
    co_return facts;
}

awaitable<rows_of_file> settler::look(const settle_place& at, const lake::listed_file& file,
                                      const evidence& known, settle_facts& facts) {
    const auto& mark = *file.mark.mark;
    rows_of_file seen;
    if (lake::has_empty_tail(mark)) {
        facts.rows = tail_rows::no_rows;
        co_return seen;
    }
    auto moved = moved_since(mark, at.table.named, at.position);
    std::string whole_table;
    seen =
        co_await look_at_rows(files_, at.session, at.table, file, std::move(whole_table), std::move(moved));
    facts.rows = seen.comparable && !is_in_doubt(seen, mark.now, at.table)
                     ? judge_rows(seen.counts, known.hidden, mark.now.types == at.table.types)
                     : tail_rows::not_comparable;
    facts.keys_in_table = seen.counts.to_the_letter + seen.counts.other_content > 0;
    facts.may_be_moved = seen.moved > 0;
    co_return seen;
}

awaitable<settle_decision> settler::decide(const settle_place& at, const lake::listed_file& file,
                                           evidence& known) {
    const auto judge = file.mark.mark->restoring ? decide_restoring : decide_settling;
    auto facts = co_await facts_of(at, file, known);
    if (facts.fate != db::fate::aborted)
        known.doubtful.insert(&file);
    auto decision = judge(facts);
    rows_of_file seen;
    if (decision == settle_decision::look_at_rows) {
        seen = co_await look(at, file, known, facts);
        decision = judge(facts);
    }
    if (is_refusal(decision)) {
        auto refused = refusal(decision, facts, at.table, at.position, file, seen, known.hidden);
        if (decision != settle_decision::refuse_gone)
            throw refused;
        known.gone.push_back(std::move(refused));
        co_return decision;
    }
    if (decision == settle_decision::keep)
        must_be_whole(file);
    say_decided(log_, file, decision, facts);
    co_return decision;
}

awaitable<void> settler::settle_by_verdict(const settle_place& at, const lake::listed_file& file,
                                           verdict decision) {
    const auto& [session, table, position] = at;
    const auto& name = file.properties.name;
    auto author = file.mark.mark ? lake::awaited(*file.mark.mark) : std::nullopt;
    if (!author && file.mark.mark && file.mark.mark->restored)
        author = file.mark.mark->restored->author;
    if (!author)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' has no uncommitted and no restored rows: there is nothing to decide", name));
    const auto& mark = *file.mark.mark;
    // Else they would be archived once more, behind those of the file.
    if (decision == verdict::keep && !mark.pending && !mark.restoring)
        co_await must_not_be_in_table(files_, session, table, file);
    auto asked = co_await db::fate_of(session, author->transaction, author->position, position);
    const bool dry_run = mark.pending && mark.now.dry_run;
    if (asked == db::fate::in_progress)
        throw async::error(failure::locked, fmt::format("transaction {} of '{}' is still in progress",
                                                        author->transaction, name));
    if (dry_run)
        asked = db::fate::aborted;
    const bool certain = dry_run || db::same_server(author->position, position);
    std::uint64_t absent = 0;
    if (decision == verdict::discard && mark.pending) {
        std::vector<const lake::listed_file*> one(1, &file);
        co_await must_be_latest(std::move(one));
    }
    if (decision == verdict::discard)
        absent = co_await must_be_in_table(files_, session, table, file, asked, certain);
    const auto undo = !mark.pending ? settle_decision::empty
                      : mark.base   ? settle_decision::take_back
                                    : settle_decision::remove;
    // Rows that the table has as well stay in both places: marked as restored, they are recognised when they
    // are due, and not archived twice.
    bool also_in_table = false;
    if (decision == verdict::keep && mark.pending && !lake::has_empty_tail(mark)) {
        const auto seen = co_await look_at_rows(files_, session, table, file);
        const bool hidden = co_await may_hide_rows(session, table.named.oid);
        also_in_table = hidden || seen.counts.to_the_letter > 0 || is_in_doubt(seen, mark.now, table);
    }
    const auto kept_as = also_in_table ? settle_decision::restored : settle_decision::keep;
    std::deque<lake::listed_file> changed;
    const bool rests_on_commit = decision != verdict::keep || (asked == db::fate::committed && certain);
    const decided_file chosen{.file = rests_on_commit ? &file : not_ended(file, changed),
                              .decision = decision == verdict::keep ? kept_as : undo,
                              .doubtful = true};
    std::vector<decided_file> decided(1, chosen);
    co_await writer_.write(std::move(decided), table, position);
    log_.info("settle.verdict", "recovered a file as it was decided by hand",
              {{"blob", name},
               {"decision", decision == verdict::keep ? "keep" : "discard"},
               {"transaction", author->transaction},
               {"transaction.fate", to_string(asked)},
               {"rows_not_in_table", absent}});
}

} // namespace archive
