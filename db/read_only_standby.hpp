// What is said where a transaction would write and the server is a standby.
#pragma once

#include "async/error.hpp"

namespace db {

[[nodiscard]] inline async::error read_only_standby() {
    return {async::failure::precondition, "the server is a read-only standby",
            "Point PG_CONNECTION_STRING at the primary, or add target_session_attrs=read-write."};
}

} // namespace db
