// The owner and the last user of a folder, as the metadata of its lock blob says. Pure functions.
#pragma once

#include "lake/folder/folder.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lake {

struct folder_owner {
    std::string cluster;  // system identifier
    std::string database; // oid
    std::string database_name;
    std::string table; // as table_in_mark writes it; "exports" for a folder of exports
    // Its name may change.
    [[nodiscard]] bool is(const folder_owner& other) const noexcept {
        return cluster == other.cluster && database == other.database && table == other.table;
    }
};

[[nodiscard]] std::string describe(const folder_owner& owner);
// nullopt if the metadata does not say it.
[[nodiscard]] std::optional<folder_owner> owner_from(const azure::metadata& values);
// The last run that worked in the folder.
struct folder_holder {
    std::string lease; // the id of the lease; empty: none yet
    std::string who;   // "run 3f…, host archive-7d4c, since 2026-01-01T02:00:00Z"
};
[[nodiscard]] azure::metadata lock_metadata(const folder_owner& owner, const folder_holder& holder);
[[nodiscard]] folder_holder holder_from(const azure::metadata& values);

// For a folder that an older version wrote and that has no lock blob yet: the first owner in the marks
// that is not `owner`.
[[nodiscard]] std::optional<folder_owner> stranger_among(const folder_contents& files,
                                                         const folder_owner& owner);

// Throws async::error(precondition): the folder is somebody else's.
[[noreturn]] void refuse_folder(const std::string& folder, const std::optional<folder_owner>& owner,
                                const folder_owner& asking);

} // namespace lake
