// A request for a folder's lease: for which owner, under which id.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "db/connection.hpp"
#include "db/position.hpp"
#include "lake/lease/folder_owner.hpp"

#include <string>

namespace lake {

// The folder's owner, and the running server.
struct lease_claim {
    folder_owner owner;
    std::string id; // a UUID: the same for all runs on this server until it is started again
};
// `position` is that of `session`; `table` as in folder_owner.
[[nodiscard]] awaitable<lease_claim> claim_of(db::connection& session, db::server_position position,
                                              std::string table);

} // namespace lake
