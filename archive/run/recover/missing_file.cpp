#include "archive/run/recover/missing_file.hpp"

#include "async/error.hpp"
#include "lake/lease/folder_lease.hpp"
#include "lake/ledger/ledger.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace archive {

using async::failure;

namespace {

// "archiver on host-1"
awaitable<std::string> decider_of(run_transaction& opened) {
    const auto role = co_await opened.session.query("SELECT session_user");
    co_return fmt::format("{} on {}", role.text(0, 0), lake::this_host());
}

awaitable<void> write_acceptance(const run_context& context, run_tools& tools, lake::ledger_entry entry,
                                 std::string blob, std::uint64_t rows) {
    entry.word = lake::ledger_word::moved;
    const auto author = entry.by;
    std::vector<lake::ledger_entry> entries;
    entries.push_back(std::move(entry));
    co_await tools.lease.ready_to_write();
    co_await tools.ledger.append(std::move(entries));
    context.log.info("file.moved_away", "the missing rows were accepted: they are no longer expected",
                     {{"blob", blob}, {"rows", rows}, {"by", author}});
}

} // namespace

awaitable<void> decide_missing(const run_context& context, run_tools& tools, run_transaction& opened,
                               lake::file_key key, verdict decision) {
    const auto blob = context.lake.name_of(key);
    const auto present = co_await context.lake.present_files();
    if (present && present->contains(key))
        throw async::error(
            failure::precondition,
            fmt::format("there is no '{}': its rows are in a copy, because its conversion to a block"
                        " blob was interrupted",
                        blob),
            "Run `event-archiver recover` first, which finishes it.");
    const auto known = co_await tools.ledger.read();
    const auto name = key.which.file_name(key.compression);
    const auto found = known.find(name);
    const auto* const loss = known.loss_of(name);
    const auto rows = found && found->now.rows > 0 ? found->now.rows : loss != nullptr ? loss->now.rows : 0;
    if (!found || rows == 0)
        throw async::error(failure::precondition, fmt::format("there is no '{}'", blob));
    if (decision == verdict::keep)
        throw async::error(
            failure::precondition,
            fmt::format("there is no '{}' to keep; the ledger knows {} rows of it", blob, rows),
            "Get it back (docs/runbook.md, \"A file is gone\"). If it was moved away or removed on purpose, "
            "run"
            " `event-archiver recover --discard FILE`.");
    auto entry = *found;
    entry.by = co_await decider_of(opened);
    entry.etag.clear();
    entry.restored = false;
    auto transaction = std::move(entry.now.transaction);
    entry.now = {}; // no content
    entry.now.run = context.run_id;
    entry.now.transaction = std::move(transaction);
    entry.now.position = opened.position;
    co_await write_acceptance(context, tools, std::move(entry), blob, rows);
}

// What the file is to hold stays as the ledger knows it.
awaitable<bool> accept_loss(const run_context& context, run_tools& tools, run_transaction& opened,
                            const lake::listed_file& file) {
    const auto& blob = file.properties.name;
    const auto name = lake::name_alone(blob);
    const auto known = co_await tools.ledger.read();
    auto found = known.find(name);
    const auto* const loss = known.loss_of(name);
    if (!found || loss == nullptr)
        co_return false;
    found->by = co_await decider_of(opened);
    co_await write_acceptance(context, tools, *std::move(found), blob, loss->now.rows);
    co_return true;
}

} // namespace archive
