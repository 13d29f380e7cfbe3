// One round trip to the server.
// Tested by tests/unit/db/connection_test.cpp.
#pragma once

#include "db/impl/libpq_session.hpp"
#include "db/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace db {

using bound_parameters = std::vector<std::optional<std::string>>;

// For libpq. Throws for a NUL byte, behind which libpq would see nothing.
[[nodiscard]] std::vector<const char*> pointers_to(const bound_parameters& parameters);

// One statement in the extended protocol. `types`: of the parameters, or none: the server infers them.
[[nodiscard]] awaitable<result> run_statement(std::shared_ptr<libpq_session> session, std::string sql,
                                              bound_parameters parameters,
                                              std::vector<std::uint32_t> types = {});
// Statements in the simple protocol; the results of all.
[[nodiscard]] awaitable<std::vector<result>> run_batch(std::shared_ptr<libpq_session> session,
                                                       std::string sql);

// Sends a COPY and returns once the server has switched to `expected`, PGRES_COPY_IN or PGRES_COPY_OUT. The
// session is then left at `copying`.
[[nodiscard]] awaitable<void> start_copy(std::shared_ptr<libpq_session> session, std::string sql,
                                         ExecStatusType expected, phase copying);

} // namespace db
