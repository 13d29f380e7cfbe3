// Real directories on an account with a hierarchical namespace, made through its other endpoint (DFS).
// Tested by tests/unit/azure/blob/hierarchy_test.cpp.
#pragma once

#include "azure/blob/blob_client.hpp"

#include <optional>
#include <string>

namespace azure {

class directory_client {
  public:
    // All references must outlive it. Connects only when a directory is to be made.
    directory_client(const async::asio::any_io_executor& executor, account owner, std::string container,
                     client_options options, http::pool_options connections, async::retry_context& retries,
                     async::log& log, token_source* tokens);

    // Whether the endpoint is known.
    [[nodiscard]] bool available() const noexcept { return owner_.dfs.has_value(); }
    // Makes the directory and those above it unless they exist. Two tries: a caller that cannot get through
    // there has the blob endpoint, where a marker does the same. Throws storage_error.
    [[nodiscard]] async::awaitable<void> ensure(std::string name);
    // Closes idle connections.
    void close();
    [[nodiscard]] std::uint64_t requests() const noexcept;

  private:
    async::asio::any_io_executor executor_;
    account owner_;
    std::string container_;
    client_options options_;
    http::pool_options connections_;
    async::retry_context retries_;
    async::log& log_;
    token_source* tokens_;
    std::optional<http::session_pool> pool_;
};

} // namespace azure
