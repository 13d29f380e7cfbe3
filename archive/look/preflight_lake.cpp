// The lake's half of the preflight.
// Tested by tests/integration/test_check.py.

#include "archive/look/inventory.hpp"
#include "archive/look/owner_look.hpp"
#include "archive/look/preflight.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "async/caught.hpp"
#include "azure/blob/error.hpp"
#include "db/session_scope.hpp"
#include "lake/lease/folder_lease.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace archive {

using async::failure;

namespace {

// What to grant for a missing permission. It follows what the service's answer says already.
void add_grant(check_line& line, const preflight_context& context) {
    if (line.failure == failure::refused && !context.grant.empty())
        line.remedy += fmt::format("{}{}", line.remedy.empty() ? "" : " ", context.grant);
}

void judge_marks(const lake::file_map& files, const preflight_context& context,
                 const table_description& table, std::vector<check_line>& lines) {
    // Judged as if the last days in the folder were due: the next days to be archived are near them.
    std::set<lake::day> due;
    if (!files.empty())
        due.insert((--files.end()).key().which);
    for (const auto& mistake : folder_mistakes(files, table, context.settings.time_column, due))
        lines.push_back({"files", check_status::failed, mistake.message(), mistake.hint(), mistake.kind()});
}

// `told`: files that have a line already, because rows are due for them.
void judge_files(const lake::file_map& files, bool table_known, const std::set<std::string>& told,
                 std::vector<check_line>& lines) {
    std::size_t pending = 0;
    std::size_t foreign = 0;
    for (const auto& [key, file] : files) {
        const auto described = describe_file(file);
        pending += described.state == file_state::pending ? 1 : 0;
        foreign += described.state == file_state::foreign ? 1 : 0;
        if (described.interrupted)
            lines.push_back({"files", check_status::warning,
                             fmt::format("'{}' is {}", described.name, described.note),
                             "The next run finishes it, or run `event-archiver recover` now."});
        else if (described.state != file_state::unreadable && !told.contains(described.name) &&
                 described.treated == lake::treatment::refuse)
            lines.push_back({"files", check_status::warning,
                             fmt::format("'{}' cannot be appended to: {}", described.name, described.note),
                             "A run that has rows for it fails; its message says what to do."});
        if (described.state == file_state::unreadable && !table_known)
            lines.push_back({"files", check_status::failed,
                             fmt::format("'{}': {}", described.name, described.note),
                             "Restore its metadata, or move the file away.", failure::precondition});
    }
    if (foreign > 0)
        lines.push_back({"files", check_status::ok,
                         fmt::format("{} of {} day files were written by others: read once, then appended to",
                                     foreign, files.size())});
    if (pending > 0)
        lines.push_back(
            {"pending", check_status::warning,
             fmt::format(
                 "{} of {} day files have rows that are perhaps not committed, left by a dry run or an"
                 " interrupted run",
                 pending, files.size()),
             "The next run recovers them, or run `event-archiver recover` now. Do not remove them: they may "
             "have"
             " the only copy of their rows."});
    else
        lines.push_back({"pending", check_status::ok, fmt::format("none of {} day files", files.size())});
}

void judge_container(const std::optional<azure::container_properties>& container, const lake::place& where,
                     std::vector<check_line>& lines) {
    if (!container) {
        lines.push_back({"immutability", check_status::skipped,
                         "not known: the identity may not look at the container's properties"});
        return;
    }
    if (const auto found = lake::obstacle_of(*container, where))
        lines.push_back({"immutability", check_status::failed, found->why, found->hint, found->kind});
    else
        lines.push_back({"immutability", check_status::ok,
                         container->immutable_blobs_possible
                             ? "none of the container; its blobs may have policies of their own"
                             : "no policy and no legal hold on the container"});
}

awaitable<void> check_container(const preflight_context& context, std::vector<check_line>& lines) {
    const auto container = co_await async::outcome_of(context.lake.client().look_at_container());
    if (container.failed)
        lines.push_back(failed_line("immutability", container.failed));
    else
        judge_container(*container.value, context.lake.where(), lines);
}

// Creates, reads, writes to and deletes a blob that cannot be mistaken for a day's file, in the same folder.
awaitable<void> probe(azure::blob_client& client, std::string name, const lake::placement& where) {
    const azure::metadata values{{"archiverprobe", "remove"}};
    azure::content_headers content;
    content.type = "text/plain";
    content.access_tier = where.sealed_tier;
    content.encryption_scope = where.encryption_scope;
    content.tags = where.tags;
    const std::vector<std::string> no_blocks;
    const auto absent = azure::condition::absent();
    const auto created = co_await client.put_block_list(name, no_blocks, content, values, absent);
    const auto as_created = azure::condition::match(created.etag);
    (void)co_await client.properties(name);
    if (!where.tags.empty())
        (void)co_await client.tags(name);
    const auto written = co_await client.set_metadata(name, values, as_created);
    const auto as_written = azure::condition::match(written.etag);
    co_await client.remove(name, as_written);
}

awaitable<void> check_writing(const preflight_context& context, std::vector<check_line>& lines) {
    const auto name = context.lake.prefix() + "event-archiver-check-" + context.nonce;
    const auto failed =
        co_await async::caught(probe(context.lake.client(), name, context.settings.placement));
    if (!failed) {
        lines.push_back(
            {"write", check_status::ok, "a small blob was created, read, written to and deleted again"});
        co_return;
    }
    lines.push_back(failed_line("write", failed));
    add_grant(lines.back(), context);
    lines.back().remedy += fmt::format(" Delete '{}' if it is left.", name);
}

} // namespace

namespace {

// What kind of account it is.
awaitable<void> check_namespace(const preflight_context& context, std::vector<check_line>& lines) {
    std::optional<bool> hierarchical;
    std::exception_ptr failed;
    try {
        hierarchical = co_await context.lake.client().hierarchical();
        co_await context.lake.must_take(context.settings.placement.tags);
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed)
        lines.push_back(failed_line("namespace", failed));
    else if (!hierarchical)
        lines.push_back({"namespace", check_status::ok,
                         "the service does not tell this identity the kind of account: treated as flat, with"
                         " markers as folders"});
    else
        lines.push_back(
            {"namespace", check_status::ok,
             *hierarchical ? "hierarchical: folders are directories" : "flat: folders are markers"});
}

} // namespace

namespace {

// The owner of the folder, and the run that works in it.
awaitable<void> check_owner(const preflight_context& context, std::vector<check_line>& lines) {
    std::optional<lake::folder_owner> ours;
    const auto ask = [&ours, &context](db::connection& session) -> awaitable<void> {
        ours = co_await owner_here(session, context.settings);
    };
    const auto failed = co_await async::caught(db::with_session(context.database, ask));
    if (failed && async::is_cancellation(failed))
        std::rethrow_exception(failed);
    const auto there = co_await context.lake.bookkeeping();
    const auto lock = std::ranges::find_if(there, [](const azure::blob_properties& blob) {
        return blob.name.ends_with(std::string(lake::bookkeeping_folder) + "lock");
    });
    if (lock == there.end()) {
        lines.push_back({"owner", check_status::ok, "none yet: the first run makes its table the owner"});
        lines.push_back({"lease", check_status::ok, "it has not been held yet"});
        co_return;
    }
    const auto owner = lake::owner_from(lock->metadata);
    if (!ours)
        lines.push_back({"owner", check_status::skipped,
                         "not compared: the database or the table is not known, as said above"});
    else if (!owner || !owner->is(*ours))
        lines.push_back(
            {"owner", check_status::failed,
             owner ? fmt::format("the folder belongs to {}; this is {}", describe(*owner), describe(*ours))
                   : "the folder's lock blob does not say whose it is",
             "Give each its own ARCHIVE_PATH (a table that was renamed only once `event-archiver list` shows "
             "no"
             " file as restored), or hand the folder over: `event-archiver recover --adopt`.",
             failure::precondition});
    else
        lines.push_back({"owner", check_status::ok, describe(*owner)});
    if (lake::is_endless(*lock)) {
        lines.push_back(
            {"lease", check_status::failed,
             "somebody holds a lease on the folder's lock that does not expire: it does not belong to a run",
             "Release it where it was taken, or break it: az storage blob lease break --blob-name '" +
                 lock->name + "'.",
             failure::locked});
        co_return;
    }
    const auto holder = lake::holder_from(lock->metadata);
    const bool held = lock->lease_state == "leased";
    lines.push_back(
        {"lease", check_status::ok,
         fmt::format("{}{}",
                     held ? "held: by a run at work, or by one that ended within the last 15 seconds"
                          : "not held",
                     holder.lease.empty() ? std::string()
                                          : fmt::format(". The last run that wrote here: {}", holder.who))});
}

} // namespace

awaitable<std::optional<std::optional<lake::file_map>>> check_storage(const preflight_context& context,
                                                                      std::vector<check_line>& lines) {
    auto& client = context.lake.client();
    auto listed = co_await async::outcome_of(context.lake.present_files());
    if (listed.failed) {
        lines.push_back(failed_line("lake", listed.failed));
        auto& line = lines.back();
        add_grant(line, context);
        if (line.remedy.empty() && line.failure == failure::temporary)
            line.remedy = "Check the account's name and endpoint, and that this machine can reach it.";
    } else {
        lines.push_back({"lake", check_status::ok, context.account});
    }
    lines.push_back(judge_clock("lake clock", client.clock_ahead()));
    co_await tell(context, lines);
    if (listed.failed)
        co_return std::nullopt;
    co_await check_namespace(context, lines);
    auto& files = *listed.value; // nothing: there is no container yet
    if (!files) {
        lines.push_back({"container", check_status::ok,
                         fmt::format("'{}' is not there yet: the first run creates it", client.container())});
        lines.push_back({"write", check_status::skipped, "not tried: there is no container to write to"});
    } else {
        lines.push_back({"container", check_status::ok, fmt::format("'{}' is there", client.container())});
        co_await check_container(context, lines);
        co_await tell(context, lines);
        co_await check_writing(context, lines);
    }
    co_await tell(context, lines);
    co_return std::optional(std::move(files));
}

awaitable<void> check_lake(const preflight_context& context, const std::optional<table_description>& table,
                           std::vector<check_line>& lines) {
    const auto found = co_await check_storage(context, lines);
    if (!found || !*found)
        co_return;
    const auto& files = **found;
    co_await check_owner(context, lines);
    co_await tell(context, lines);
    std::set<std::string> told;
    if (table && context.aim == preflight_aim::archive) {
        judge_marks(files, context, *table, lines);
        told = co_await check_due_files(context, *table, files, lines);
    }
    judge_files(files, table.has_value(), told, lines);
}

} // namespace archive
