// Blob operations on one container. Requests that may be repeated blindly are retried here; publishing writes
// (Put Block List, Set Metadata, Delete) make exactly one try and tell the caller what is known, for the
// caller must look before it decides.
//
// Ours because the protocol lives in its conditions and in what is known after a lost answer; Azure's C++ SDK
// blocks a thread for each request and repeats writes by itself. Replace it when that SDK is asynchronous and
// leaves retries of writes to its caller.
#pragma once

#include "async/asio.hpp"
#include "async/retry.hpp"
#include "azure/auth/account.hpp"
#include "azure/blob/error.hpp"
#include "azure/blob/metadata.hpp"
#include "azure/blob/request.hpp"
#include "http/client/session_pool.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace azure {

using http::body_sink; // where the bytes of a blob go

struct client_options {
    std::chrono::milliseconds request_timeout{60'000}; // each try, from when it has a connection
    std::chrono::minutes operation_timeout{10};        // all tries of one operation together
};

// Gets the blobs of a page one after the other.
using blob_sink = std::function<void(blob_properties)>;

struct blob_page {
    std::vector<std::string> folders; // with their '/': what has one behind the prefix
    std::string next_marker;          // empty: this was the last page
};

// Lease Blob: while a lease is held, the blob cannot be written to or leased without its id.
enum class lease_action : std::uint8_t { acquire, renew, release };
enum class lease_outcome : std::uint8_t {
    held,    // done: held with this id or, after a release, not held
    taken,   // another id holds it
    broken,  // it was broken, or is not held
    absent,  // there is no such blob, or no container
    changed, // the blob is not as the condition says
};
struct lease_request {
    lease_action action = lease_action::acquire;
    std::string blob;
    std::string id;                    // a UUID, chosen by us. The holder of the lease may acquire it again.
    std::chrono::seconds duration{15}; // 15 to 60; of an acquisition
    condition when;
};

// What a publishing write leaves behind.
struct written {
    azure::etag etag;
    std::string request_id;
};

class token_source;

class blob_client {
  public:
    // All references must outlive the client. `tokens`: for an account whose credential is an Entra identity.
    blob_client(account owner, std::string container, client_options options, http::session_pool& pool,
                async::retry_context& retries, async::log& log, token_source* tokens = nullptr);

    // True if it was created now. A SAS that may not look at the container is taken to belong to one that
    // exists.
    [[nodiscard]] async::awaitable<bool> ensure_container();

    // Get Container Properties: whether the blobs in it can be changed. nullopt if there is no container, or
    // if this identity may not look at it.
    [[nodiscard]] async::awaitable<std::optional<container_properties>> look_at_container();

    // One page (at most 5,000 names) of what has `prefix` and no '/' behind it, with metadata. If it throws,
    // `take` may have received a part of the page.
    [[nodiscard]] async::awaitable<blob_page> list(std::string_view prefix, std::string_view marker,
                                                   const blob_sink& take);
    [[nodiscard]] async::awaitable<std::optional<blob_properties>> properties(std::string_view name);
    [[nodiscard]] async::awaitable<std::optional<block_list>> committed_blocks(std::string_view name);

    // Its index tags. Asks for a permission of its own: 't' of a SAS.
    [[nodiscard]] async::awaitable<tag_set> tags(std::string_view name);
    // Whether the account has a hierarchical namespace (Data Lake Storage Gen2); nullopt if this identity may
    // not ask. The service is asked once.
    [[nodiscard]] async::awaitable<std::optional<bool>> hierarchical();

    // Stages a block of the given pieces with its CRC-64; invisible until a block list names it.
    // `encryption_scope`: that of the block list to come.
    [[nodiscard]] async::awaitable<void> put_block(std::string_view name, std::string_view block_id,
                                                   std::span<const std::span<const std::byte>> body,
                                                   std::uint64_t crc, std::string_view encryption_scope = {});
    // Creates a zero-length blob with this metadata unless it exists: the folder marker (hdi_isfolder).
    [[nodiscard]] async::awaitable<void> ensure_marker_blob(std::string_view name, const metadata& values,
                                                            std::string_view encryption_scope = {});
    // Creates a directory and those above it unless they exist. Only at a DFS endpoint.
    [[nodiscard]] async::awaitable<void> ensure_directory(std::string_view name);

    // Streams bytes [from, to) — to the end without `to` — of exactly the version `expected`, or of any if
    // that is empty, for a blob that only grows; interrupted reads are resumed where they stopped. Throws
    // storage_error 412 if the blob has changed.
    [[nodiscard]] async::awaitable<void> read(std::string_view name, const etag& expected, std::uint64_t from,
                                              std::optional<std::uint64_t> to, body_sink sink);

    [[nodiscard]] async::awaitable<lease_outcome> lease(lease_request asked);
    // Put Blob without content; one try. `lease`: the id that holds it, if there is one.
    [[nodiscard]] async::awaitable<written> put_empty_blob(std::string_view name, const metadata& values,
                                                           const condition& when, std::string_view lease = {},
                                                           std::string_view encryption_scope = {});

    // Creates an empty append blob unless there is a blob of this name.
    [[nodiscard]] async::awaitable<void> ensure_append_blob(std::string_view name,
                                                            std::string_view encryption_scope = {});
    // Appends at most 4 MiB and returns the new ETag. Throws storage_error 412 if the blob is not as the
    // condition says: also after a try whose answer was lost.
    [[nodiscard]] async::awaitable<etag> append_block(std::string_view name, std::string_view text,
                                                      const condition& when,
                                                      std::string_view encryption_scope = {});

    // One try each. storage_error::outcome_unknown: it may have taken effect.
    [[nodiscard]] async::awaitable<written> put_block_list(std::string_view name,
                                                           std::span<const std::string> ids,
                                                           const content_headers& content,
                                                           const metadata& values, const condition& when);
    [[nodiscard]] async::awaitable<written> set_metadata(std::string_view name, const metadata& values,
                                                         const condition& when);
    [[nodiscard]] async::awaitable<void> remove(std::string_view name, const condition& when);

    // How far the service's clock is ahead of ours, by the last answer that gave its time.
    [[nodiscard]] std::optional<std::chrono::seconds> clock_ahead() const noexcept { return clock_ahead_; }

    [[nodiscard]] const std::string& container() const noexcept { return container_; }
    [[nodiscard]] async::log& log() const noexcept { return log_; }
    [[nodiscard]] const std::string& account_name() const noexcept { return account_.name; }

  private:
    struct reading;

    [[nodiscard]] request container_request(verb method) const;
    [[nodiscard]] request blob_request(verb method, std::string_view name) const;
    // The blob that a request is about; empty: the container.
    [[nodiscard]] std::string blob_of(const request& request) const;
    // One try, whatever the answer; `repeatable` as in wire_request. What is refused for this machine's clock
    // is dated by the service's, once, and sent again: it has not taken effect.
    [[nodiscard]] async::awaitable<http::wire_response> exchange(const request& request, bool repeatable,
                                                                 async::deadline deadline,
                                                                 const http::body_stream* stream);
    // The same for a token that is refused: it is renewed.
    [[nodiscard]] async::awaitable<http::wire_response> exchange_as(const request& request, bool repeatable,
                                                                    async::deadline deadline,
                                                                    const http::body_stream* stream);
    [[nodiscard]] bool refused_for_the_clock(const http::wire_response& answer) const;
    // One try; any answer but 2xx is thrown.
    [[nodiscard]] async::awaitable<http::wire_response> send_once(const request& request, bool repeatable,
                                                                  async::deadline deadline);
    [[nodiscard]] async::awaitable<http::wire_response>
    send_while_reachable(const request& request, async::deadline deadline, async::deadline found_by);
    // With retries.
    [[nodiscard]] async::awaitable<http::wire_response> send(std::string_view doing, const request& request);
    // nullopt if there is no such blob.
    [[nodiscard]] async::awaitable<std::optional<http::wire_response>> send_if_found(std::string_view doing,
                                                                                     const request& request);
    // One try of a write that must not be repeated blindly.
    [[nodiscard]] async::awaitable<http::wire_response> publish(std::string_view doing,
                                                                const request& request);
    [[nodiscard]] async::awaitable<void> read_range(reading& state, const request& request,
                                                    async::deadline deadline);
    [[nodiscard]] async::awaitable<http::wire_response>
    exchange_once(const request& request, const std::string& token, bool repeatable, async::deadline deadline,
                  const http::body_stream* stream);
    void log_answer(const request& request, const http::wire_response& answer,
                    async::deadline::clock::time_point began);

    account account_;
    std::string container_;
    client_options options_;
    http::session_pool& pool_;
    async::retry_context& retries_;
    async::log& log_;
    token_source* tokens_;
    std::optional<std::chrono::seconds> clock_ahead_;
    std::chrono::seconds dated_ahead_{0}; // what is added to our clock in x-ms-date
    struct namespace_kind {
        bool asked = false;
        std::optional<bool> hierarchical;
    };
    namespace_kind namespace_;
};

} // namespace azure
