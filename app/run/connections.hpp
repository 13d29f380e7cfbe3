// The connections of a run to the database and the storage account, made from its settings.
// Tested by tests/integration/test_identity.py.
#pragma once

#include "app/observe/summary.hpp"
#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "azure/auth/token_source.hpp"
#include "db/connection.hpp"
#include "db/session_scope.hpp"
#include "lake/folder/folder.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace app {

struct lake_place {
    std::string container;
    std::string folder; // "" for the container's root
};

// Connects at the first request. The loop behind `executor`, `settings`, `helper` and `log` must outlive it,
// and it must outlive its users.
class connections {
  public:
    // Without a `place` there is no storage account. `helper` is for calls to other machines, which may never
    // end. Logs a warning once about a database that is reached in clear text.
    connections(const boost::asio::any_io_executor& executor, const configuration& settings,
                const std::optional<lake_place>& place, async::helper_thread& helper, async::log& log);
    ~connections();
    connections(const connections&) = delete;
    connections& operator=(const connections&) = delete;

    [[nodiscard]] const db::connect_options& database_options() const noexcept { return database_; }
    [[nodiscard]] db::database_access database() noexcept { return {database_, helper_, log_}; }
    // There must be a lake.
    [[nodiscard]] lake::folder& folder() noexcept;
    [[nodiscard]] async::retry_context& retries() noexcept { return retries_; }
    [[nodiscard]] async::helper_thread& helper() noexcept { return helper_; }

    // Closes idle connections, so that the loop can end.
    void close();
    // Counters of all requests so far.
    [[nodiscard]] run_costs costs() const;

  private:
    struct lake_link;

    async::log& log_;
    async::helper_thread& helper_;
    std::uint64_t retry_count_ = 0;
    async::retry_context retries_;
    std::unique_ptr<azure::token_source> tokens_; // null: none is needed
    db::connect_options database_;
    std::unique_ptr<lake_link> lake_; // null: there is no lake
};

} // namespace app
