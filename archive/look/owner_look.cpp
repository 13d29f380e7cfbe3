#include "archive/look/owner_look.hpp"

#include "archive/table/named_table.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "azure/blob/error.hpp"
#include "db/transaction.hpp"
#include "lake/lease/lease_claim.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace archive {

using async::failure;

namespace {

// How long to wait for a database that the command does not need.
constexpr std::chrono::seconds database_patience{3};

// nullopt if this identity may not look.
awaitable<std::optional<azure::blob_properties>> lock_seen(lake::folder& folder) {
    try {
        co_return co_await lock_of(folder);
    } catch (const async::error& failed) {
        if (failed.kind() == failure::temporary)
            throw;
    }
    co_return std::nullopt;
}

} // namespace

awaitable<std::optional<azure::blob_properties>> lock_of(lake::folder& folder) {
    const auto name = folder.prefix() + std::string(lake::bookkeeping_folder) + "lock";
    try {
        co_return co_await folder.client().properties(name);
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404) // no container either
            throw;
    }
    co_return std::nullopt;
}

awaitable<lake::folder_owner> owner_here(db::connection& session, const settings& wanted) {
    const auto named = co_await resolve_table(session, wanted.table);
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    auto place = co_await db::database_of(session);
    auto claim = co_await lake::claim_of(session, std::move(place), named.in_mark());
    co_await transaction.rollback(); // it has only read
    co_return std::move(claim.owner);
}

awaitable<std::string> tell_owner(db::database_access database, lake::folder& folder, const settings& wanted,
                                  database_need need) {
    const auto lock = co_await lock_seen(folder);
    if (!lock)
        co_return std::string();
    lake::folder_owner ours;
    const auto ask = [&ours, &wanted](db::connection& session) -> awaitable<void> {
        ours = co_await owner_here(session, wanted);
    };
    const auto deadline =
        need == database_need::needed ? async::deadline() : async::deadline::after(database_patience);
    const auto failed = co_await async::caught(
        async::with_deadline(db::with_session(database, ask), deadline, "the database"));
    if (failed) {
        if (need == database_need::needed || async::is_cancellation(failed))
            std::rethrow_exception(failed);
        database.log.debug("folder.owner_unknown", "the owner of the folder was not checked",
                           {{"error.message", async::describe(failed)}});
        co_return std::string();
    }
    const auto owner = lake::owner_from(lock->metadata);
    if (ours.cluster.empty() || (owner && owner->is(ours))) // hidden from this role: it equals no other
        co_return std::string();
    auto told = owner ? fmt::format("the folder belongs to {}; this is {}", describe(*owner), describe(ours))
                      : std::string("the folder's lock blob does not say whose it is");
    database.log.warn("folder.owner", told,
                      {{"blob", lock->name},
                       {"folder_owner", owner ? describe(*owner) : std::string()},
                       {"this", describe(ours)}});
    co_return told;
}

} // namespace archive
