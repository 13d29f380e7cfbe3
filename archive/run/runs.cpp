#include "archive/run/runs.hpp"

#include "archive/run/archive/archive_run.hpp"
#include "archive/run/erase/erase_run.hpp"
#include "archive/run/recover/recover_run.hpp"
#include "archive/run/restore/copy_run.hpp"
#include "archive/run/restore/restore_run.hpp"

#include <utility>

namespace archive {

awaitable<void> archive_rows(const run_context& context) {
    archive_run run(context);
    co_await run.run();
}

awaitable<void> restore_days(const run_context& given, restore_request request) {
    // The days that were asked for are restored, whosever shard they are of.
    auto whole = given.settings;
    whole.shard = {};
    const auto context = given.with(whole);
    if (request.into.empty()) {
        restore_run run(context, std::move(request));
        co_await run.run();
    } else {
        copy_run run(context, std::move(request));
        co_await run.run();
    }
}

awaitable<erasure> erase_rows(const run_context& given, erase_request request) {
    auto whole = given.settings;
    whole.shard = archive::shard(); // days of every shard
    whole.dry_run = whole.dry_run || !request.yes;
    const auto context = given.with(whole);
    erase_run run(context, std::move(request));
    co_return co_await run.run();
}

awaitable<void> recover_files(const run_context& context) {
    recover_run run(context);
    co_await run.run();
}

awaitable<void> recover_file(const run_context& context, std::string name, verdict decision) {
    recover_run run(context);
    co_await run.settle_file(std::move(name), decision);
}

awaitable<void> adopt_folder(const run_context& context) {
    recover_run run(context);
    co_await run.adopt();
}

} // namespace archive
