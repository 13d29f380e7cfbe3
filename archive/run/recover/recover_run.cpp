#include "archive/run/recover/recover_run.hpp"

#include "archive/run/end_transaction.hpp"
#include "archive/run/recover/accept_file.hpp"
#include "archive/run/recover/missing_file.hpp"
#include "async/error.hpp"
#include "db/session_scope.hpp"
#include "lake/lease/folder_owner.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <utility>

namespace archive {

using async::failure;
using lake::attempt_result;

recover_run::recover_run(const run_context& context)
    : context_(context)
    , tools_(context)
    , opener_(context)
    , loop_(context, tools_, opener_, absent_container::is_done) {}

awaitable<void> recover_run::run() {
    return loop_.repeat(
        [](run_transaction&) -> awaitable<attempt_result> { co_return attempt_result::finished; });
}

awaitable<void> recover_run::open(run_transaction& opened) {
    const bool alone = co_await opener_.open(opened);
    if (!alone)
        throw opener_.lock_is_held();
}

lake::file_key recover_run::key_of(const std::string& name) const {
    const auto slash = name.rfind('/');
    const auto key = lake::key_of_file(lake::name_alone(name));
    if (!key || (slash != std::string::npos && name != context_.lake.name_of(*key)))
        throw async::error(failure::usage, fmt::format("'{}' is not the name of a day file", name),
                           "Use the name that `list` shows: events_YYYY-MM-DD.csv.");
    return *key;
}

awaitable<void> recover_run::settle_file(std::string name, verdict decision) {
    co_await context_.lake.must_be_there();
    const auto key = key_of(name);
    const auto inside = [this, key, decision](db::connection& session) -> awaitable<void> {
        run_transaction opened(session);
        co_await settle_in(opened, key, decision);
    };
    co_await db::with_session(context_.access(), inside);
}

awaitable<void> recover_run::settle_in(run_transaction& opened, lake::file_key key, verdict decision) {
    co_await open(opened);
    auto wanted = co_await claim_of(opened);
    if (!co_await tools_.lease.take(std::move(wanted)))
        throw tools_.lease.taken();
    const auto file = co_await context_.lake.look(context_.lake.name_of(key));
    if (file)
        co_await decide(opened, *file, decision);
    else
        co_await decide_missing(context_, tools_, opened, key, decision);
    ++context_.report.files_settled;
    co_await leave(context_, tools_.lease, opened, attempts_left::none);
}

awaitable<void> recover_run::decide(run_transaction& opened, const lake::listed_file& file,
                                    verdict decision) {
    const auto& mark = file.mark.mark;
    const bool waits = mark && (lake::awaited(*mark) || mark->restored);
    if (decision == verdict::keep && file.mark.mistake.empty() && !waits)
        co_return co_await accept_file(context_, tools_, opened, file);
    bool accepted = false;
    if (decision == verdict::discard && !waits)
        accepted = co_await accept_loss(context_, tools_, opened, file);
    if (decision == verdict::discard && !waits && !accepted)
        co_await must_not_be_unmarked(file);
    if (accepted)
        co_return;
    const settle_place here{opened.session, opened.table, opened.position};
    co_await tools_.settler.settle_by_verdict(here, file, decision);
}

// Whether its rows are in the table is known once the file is marked.
awaitable<void> recover_run::must_not_be_unmarked(const lake::listed_file& file) {
    const auto known = co_await tools_.ledger.read();
    const auto& name = file.properties.name;
    const auto entry = known.find(lake::name_alone(name));
    const auto verdict = entry ? known.verdict_on(*entry, &file) : lake::ledger_verdict::as_known;
    if (verdict == lake::ledger_verdict::unmarked)
        throw async::error(failure::precondition,
                           fmt::format("'{}': {}", name, known.sentence_of(verdict, *entry)),
                           "Where the table has rows of it, `--keep` marks it as restored again. Then"
                           " `--discard` empties it.");
}

awaitable<void> recover_run::adopt() {
    const auto inside = [this](db::connection& session) -> awaitable<void> {
        run_transaction opened(session);
        co_await adopt_in(opened);
    };
    co_await db::with_session(context_.access(), inside);
}

awaitable<void> recover_run::adopt_in(run_transaction& opened) {
    co_await open(opened);
    co_await must_not_be_restored_elsewhere(opened);
    auto wanted = co_await claim_of(opened);
    const auto ours = describe(wanted.owner);
    const auto before = co_await tools_.lease.adopt(std::move(wanted));
    const auto text = before
                          ? fmt::format("the folder was handed over from {} to {}", describe(*before), ours)
                          : fmt::format("the folder belongs to {}", ours);
    context_.log.info("folder.adopted", text,
                      {{"from", before ? describe(*before) : std::string()}, {"to", ours}});
    co_await tell_of_other_tables(opened);
    co_await opened.transaction->rollback();
}

// The rows of such files are looked for under the name in their marks. Under another one, a row that was
// moved would be archived twice.
awaitable<void> recover_run::must_not_be_restored_elsewhere(const run_transaction& opened) {
    const auto present = co_await context_.lake.present_files();
    if (!present)
        co_return;
    const auto ours = opened.table.named.in_mark();
    for (const auto& [key, file] : *present) {
        const auto& mark = file.mark.mark;
        if (mark && mark->table != ours && lake::may_be_in_table(*mark))
            throw async::error(
                failure::precondition,
                fmt::format("'{}' is marked as restored into table {}, and the folder would be that of {}",
                            file.properties.name, mark->table, opened.table.name),
                "Under the earlier name, let `archive` take its rows back, or say `recover --keep` or"
                " `--discard`. `event-archiver list` shows which files are restored.");
    }
}

// The folder gets another owner, the marks of its files keep theirs.
awaitable<void> recover_run::tell_of_other_tables(const run_transaction& opened) {
    const auto found = co_await context_.lake.contents();
    const auto ours = opened.table.named.in_mark();
    std::string other;
    std::uint64_t files = 0;
    std::uint64_t pending = 0;
    for (const auto& [key, file] : found.days) {
        const auto& mark = file.mark.mark;
        if (!mark || mark->table == ours)
            continue;
        other = mark->table;
        ++files;
        pending += lake::awaited(*mark) ? 1U : 0U;
    }
    if (files > 0)
        context_.log.warn("folder.other_table",
                          "files are marked as those of another table: nothing is appended to them, and "
                          "their uncommitted rows can be recovered under that name only",
                          {{"table", other}, {"files", files}, {"files_pending", pending}});
}

} // namespace archive
