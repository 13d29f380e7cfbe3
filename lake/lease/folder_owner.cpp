#include "lake/lease/folder_owner.hpp"

#include <fmt/format.h>

namespace lake {

namespace {

std::string value_of(const azure::metadata& values, std::string_view name) {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::string() : found->second;
}

std::optional<folder_owner> owner_by_mark(const listed_file& file) {
    const auto& mark = file.mark.mark;
    if (!mark || mark->now.position.cluster.empty())
        return std::nullopt;
    return folder_owner{mark->now.position.cluster, mark->now.position.database, {}, mark->table};
}

} // namespace

std::string describe(const folder_owner& owner) {
    const auto holder = owner.table == "exports" ? std::string("the exports") : "table " + owner.table;
    const auto name = owner.database_name.empty() ? std::string() : fmt::format(" '{}'", owner.database_name);
    return fmt::format("{} of database{} (oid {}, cluster {})", holder, name, owner.database, owner.cluster);
}

std::optional<folder_owner> owner_from(const azure::metadata& values) {
    const folder_owner found{value_of(values, "archivercluster"), value_of(values, "archiverdatabase"),
                             value_of(values, "archiverdatabasename"), value_of(values, "archivertable")};
    if (found.cluster.empty() || found.database.empty() || found.table.empty())
        return std::nullopt;
    return found;
}

azure::metadata lock_metadata(const folder_owner& owner, const folder_holder& holder) {
    azure::metadata values{{"archiverformat", "1"},
                           {"archivercluster", owner.cluster},
                           {"archiverdatabase", owner.database},
                           {"archivertable", owner.table}};
    if (!owner.database_name.empty())
        values.emplace("archiverdatabasename", owner.database_name);
    if (!holder.lease.empty()) {
        values.emplace("archiverlease", holder.lease);
        values.emplace("archiverholder", holder.who);
    }
    return values;
}

folder_holder holder_from(const azure::metadata& values) {
    return {value_of(values, "archiverlease"), value_of(values, "archiverholder")};
}

std::optional<folder_owner> stranger_among(const folder_contents& files, const folder_owner& owner) {
    for (const auto& [key, file] : files.days)
        if (const auto found = owner_by_mark(file); found && !found->is(owner))
            return found;
    return std::nullopt;
}

void refuse_folder(const std::string& folder, const std::optional<folder_owner>& owner,
                   const folder_owner& asking) {
    throw async::error(
        async::failure::precondition,
        owner
            ? fmt::format("folder '{}' belongs to {}; this is {}", folder, describe(*owner), describe(asking))
            : fmt::format("the lock blob of folder '{}' does not say whose folder it is", folder),
        fmt::format("Give each its own folder; a table that was renamed only once `event-archiver list` "
                    "shows no file as"
                    " restored, for the table has its rows too. If the rows have moved here for good, run "
                    "`event-archiver recover"
                    " {}--adopt` once: it hands the folder over.",
                    asking.table == "exports" ? "--exports " : ""));
}

} // namespace lake
