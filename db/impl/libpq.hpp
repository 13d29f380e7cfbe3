// libpq's handles with owners. The only header that includes <libpq-fe.h>; no public header includes it.
// Tested by tests/unit/db/connection_test.cpp.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace db {

struct libpq_delete {
    void operator()(PGconn* handle) const noexcept { PQfinish(handle); }
    void operator()(PGresult* handle) const noexcept { PQclear(handle); }
    void operator()(PGcancel* handle) const noexcept { PQfreeCancel(handle); }
    void operator()(PQconninfoOption* handle) const noexcept { PQconninfoFree(handle); }
    void operator()(char* handle) const noexcept { PQfreemem(handle); }
};

using connection_handle = std::unique_ptr<PGconn, libpq_delete>;
using result_handle = std::unique_ptr<PGresult, libpq_delete>;
using cancel_handle = std::unique_ptr<PGcancel, libpq_delete>;
using conninfo_handle = std::unique_ptr<PQconninfoOption, libpq_delete>;
using text_handle = std::unique_ptr<char, libpq_delete>;

} // namespace db
