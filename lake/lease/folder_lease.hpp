// The lock of a folder: only a run that holds the lease of the folder's lock blob settles and publishes
// there. All runs on one running database server share one lease, for its locks keep them apart; a copy of
// the server needs another lease. docs/protocol.md, "The lease and the owner".
// Tested by tests/fault/test_lease.py.
#pragma once

#include "async/log.hpp"
#include "async/retry.hpp"
#include "lake/lease/folder_owner.hpp"
#include "lake/lease/lease_claim.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace lake {

// After this, the lease of a run that died expires.
inline constexpr std::chrono::seconds lease_duration{15};
// A run that finds the lease taken waits at least this long: the lease of a dead run expires meanwhile.
inline constexpr std::chrono::seconds lease_patience{20};

// True if the lease does not expire. Ours always do.
[[nodiscard]] bool is_endless(const azure::blob_properties& lock);
// The name of this machine, for people.
[[nodiscard]] std::string this_host();

class folder_lease {
  public:
    // `name`: of the lock blob. The references must outlive it.
    folder_lease(lake::folder& folder, async::retry_context& retries, std::string name, std::string run_id);

    // True if this run holds it now, for the first time or again; false if somebody else does. Creates the
    // lock blob, with its owner, if it is missing. Throws async::error(precondition) if the folder is
    // somebody else's.
    [[nodiscard]] awaitable<bool> take(lease_claim claim);
    // Hands the folder over to `claim`'s owner. Returns the owner it had, if that was another. Throws
    // async::error(locked) while somebody else holds the lease.
    [[nodiscard]] awaitable<std::optional<folder_owner>> adopt(lease_claim claim);
    // Call it before anything is published: writes the holder into the lock blob, unless it is there. The
    // blob's ETag thus changes when another holder begins to write. Throws conflict if another holder has
    // begun since `take`.
    [[nodiscard]] awaitable<void> sign();
    // Call it between the last look at the folder and the first write that follows from it: signs, and
    // renews.
    [[nodiscard]] awaitable<void> ready_to_write();
    // Renews it. If it returns, the lease is held, and no other holder has written anything since `take`.
    // Throws async::error(locked) if somebody else has it, (temporary) if it was broken.
    [[nodiscard]] awaitable<void> renew();
    // Throws the same if the last renewal was refused.
    void must_be_held() const;
    // Releases it; a failure is ignored. Only while no other run can be at work on this server.
    [[nodiscard]] awaitable<void> release();
    // Awaits `body`, and renews the lease meanwhile while it is held.
    [[nodiscard]] awaitable<void> renewed_beside(std::function<awaitable<void>()> body);

    // The error if it is taken: async::error(locked), with what is known of the holder.
    [[nodiscard]] async::error taken() const;

  private:
    [[nodiscard]] awaitable<std::optional<azure::blob_properties>> look();
    [[nodiscard]] awaitable<void> create(folder_owner owner);
    [[nodiscard]] awaitable<azure::lease_outcome> request(azure::lease_action action);
    [[nodiscard]] awaitable<void> renew_for_ever();
    [[nodiscard]] awaitable<void> write(folder_holder holder);
    [[nodiscard]] awaitable<bool> signed_by_us();
    void note(azure::lease_outcome renewed);
    [[nodiscard]] std::string where() const;

    lake::folder& lake_;
    async::retry_context& retries_;
    async::log& log_;
    std::string name_;
    std::string run_id_;
    lease_claim claim_;
    azure::etag etag_;     // of the lock blob; empty: not known
    folder_holder holder_; // as the lock blob says
    bool endless_ = false; // a lease on it was of that kind when it was looked at
    azure::lease_outcome state_ = azure::lease_outcome::absent;
};

} // namespace lake
