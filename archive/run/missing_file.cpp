#include "archive/run/missing_file.hpp"

#include "async/error.hpp"
#include "lake/folder_lease.hpp"
#include "lake/ledger.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace archive {

using async::failure;

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
    const auto found = known.find(key.which.file_name(key.compression));
    if (!found || found->now.rows == 0)
        throw async::error(failure::precondition, fmt::format("there is no '{}'", blob));
    auto entry = *found;
    const auto rows = entry.now.rows;
    if (decision == verdict::keep)
        throw async::error(
            failure::precondition,
            fmt::format("there is no '{}' to keep; the ledger knows {} rows of it", blob, rows),
            "Get it back (docs/runbook.md, \"A file is gone\"). If it was moved away or removed on purpose, "
            "run"
            " `event-archiver recover --discard FILE`.");
    const auto role = co_await opened.session.query("SELECT session_user");
    entry.word = lake::ledger_word::moved;
    entry.by = fmt::format("{} on {}", role.text(0, 0), lake::this_host());
    const auto author = entry.by;
    entry.etag.clear();
    entry.now.rows = 0;
    entry.now.bytes = 0;
    entry.now.crc = 0;
    entry.now.run = context.run_id;
    entry.now.position = opened.position;
    std::vector<lake::ledger_entry> entries;
    entries.push_back(std::move(entry));
    co_await tools.lease.ready_to_write();
    co_await tools.ledger.append(std::move(entries));
    context.log.info("file.moved_away", "the missing file was accepted: it is no longer expected",
                     {{"blob", blob}, {"rows", rows}, {"by", author}});
}

} // namespace archive
