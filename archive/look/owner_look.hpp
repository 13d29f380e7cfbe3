// The owner of a folder, for commands that only read: nothing is written, and nothing is refused.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "archive/settings.hpp"
#include "db/session_scope.hpp"
#include "lake/lease/folder_owner.hpp"

#include <optional>
#include <string>

namespace archive {

using async::awaitable;

// The folder's lock blob; nullopt if the folder has no such blob. Throws the errors of the storage service.
[[nodiscard]] awaitable<std::optional<azure::blob_properties>> lock_of(lake::folder& folder);

// The owner that the configured table of this database would be. Begins and ends a transaction of its own.
// Throws async::error(precondition) if there is no such table.
[[nodiscard]] awaitable<lake::folder_owner> owner_here(db::connection& session, const settings& wanted);

// Whether the command needs the database. If it does not, an unreachable database is not reported.
enum class database_need : std::uint8_t { needed, not_needed };
// A warning, `folder.owner`, if the folder belongs to another table or database than the configured one.
// Throws errors of the database where it is needed, and errors of the storage service for which another try
// may help. Returns the warning's text, empty if there was none.
[[nodiscard]] awaitable<std::string> tell_owner(db::database_access database, lake::folder& folder,
                                                const settings& wanted, database_need need);

} // namespace archive
