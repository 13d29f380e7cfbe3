// Whose folder it is, for who only reads: nothing is written, and nothing is refused.
#pragma once

#include "archive/settings.hpp"
#include "db/session_scope.hpp"
#include "lake/folder_owner.hpp"

#include <optional>

namespace archive {

using async::awaitable;

// The folder's lock blob, if there is one. Throws what the lake says of anything but its absence.
[[nodiscard]] awaitable<std::optional<azure::blob_properties>> lock_of(lake::folder& folder);

// The owner that the configured table of this database would be. Begins and ends a transaction of its own.
// Throws async::error(precondition) if there is no such table.
[[nodiscard]] awaitable<lake::folder_owner> owner_here(db::connection& session, const settings& wanted);

// Whether a question can be answered without the database: then nothing is said where that is away.
enum class database_need : std::uint8_t { needed, not_needed };
// A warning, `folder.owner`, if the folder belongs to another table or database than the configured one.
// Throws what the database says, where it is needed, and what the lake says that another try may mend.
[[nodiscard]] awaitable<void> tell_owner(db::database_access database, lake::folder& folder,
                                         const settings& wanted, database_need need);

} // namespace archive
