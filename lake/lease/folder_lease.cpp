#include "lake/lease/folder_lease.hpp"

#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/pause.hpp"
#include "async/task_scope.hpp"
#include "async/utc_time.hpp"
#include "lake/conflict.hpp"
#include "lake/write/conditional_write.hpp"

#include <fmt/format.h>

#include <array>
#include <unistd.h>
#include <utility>

namespace lake {

using async::failure;
using async::fault_point;
using azure::lease_outcome;

namespace {

constexpr std::chrono::seconds renew_every{5};
constexpr int takes_max = 5; // each begins with a fresh look

} // namespace

bool is_endless(const azure::blob_properties& lock) {
    return lock.lease_state == "leased" && lock.lease_duration == "infinite";
}

std::string this_host() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                            : std::string("unknown");
}

folder_lease::folder_lease(lake::folder& folder, async::retry_context& retries, std::string name,
                           std::string run_id)
    : lake_(folder)
    , retries_(retries)
    , log_(retries.log)
    , name_(folder.prefix() + std::string(bookkeeping_folder) + std::move(name))
    , run_id_(std::move(run_id)) {}

std::string folder_lease::where() const { return lake_.client().container() + "/" + lake_.prefix(); }

awaitable<std::optional<azure::blob_properties>> folder_lease::look() {
    try {
        co_return co_await lake_.client().properties(name_);
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404) // no container either
            throw;
    }
    co_return std::nullopt;
}

// The first run in this folder, or the first since an older version wrote it. The marks then say whose folder
// it is.
awaitable<void> folder_lease::create(folder_owner owner) {
    const auto files = co_await lake_.contents();
    if (const auto stranger = stranger_among(files, owner))
        refuse_folder(where(), stranger, owner);
    const folder_holder nobody;
    const auto values = lock_metadata(owner, nobody);
    co_await lake_.client().ensure_marker_blob(name_, values, lake_.encryption_scope());
    fault_point("lock-created");
}

awaitable<lease_outcome> folder_lease::request(azure::lease_action action) {
    azure::lease_request asked;
    asked.action = action;
    asked.blob = name_;
    asked.id = claim_.id;
    asked.duration = lease_duration;
    asked.when = azure::condition::match(etag_);
    co_return co_await lake_.client().lease(asked);
}

awaitable<bool> folder_lease::take(lease_claim claim) {
    if (claim.id != claim_.id)
        etag_.clear();
    claim_ = std::move(claim);
    for (int tries = 0; tries < takes_max; ++tries) {
        if (etag_.empty()) {
            const auto lock = co_await look();
            if (!lock) {
                co_await create(claim_.owner);
                continue;
            }
            const auto owner = owner_from(lock->metadata);
            if (!owner || !owner->is(claim_.owner))
                refuse_folder(where(), owner, claim_.owner);
            etag_ = lock->etag;
            holder_ = holder_from(lock->metadata);
            endless_ = is_endless(*lock);
        }
        state_ = co_await request(azure::lease_action::acquire);
        fault_point("lease-taken");
        if (state_ == lease_outcome::held && co_await signed_by_us())
            co_return true;
        etag_.clear(); // the owner is compared again before the next try
        if (state_ == lease_outcome::taken || state_ == lease_outcome::broken)
            co_return false;
    }
    co_return false;
}

awaitable<std::optional<folder_owner>> folder_lease::adopt(lease_claim claim) {
    claim_ = std::move(claim);
    const folder_holder nobody;
    const auto values = lock_metadata(claim_.owner, nobody);
    const auto lock = co_await look();
    if (!lock) {
        const auto files = co_await lake_.contents();
        co_await lake_.client().ensure_marker_blob(name_, values, lake_.encryption_scope());
        co_return stranger_among(files, claim_.owner);
    }
    auto before = owner_from(lock->metadata);
    holder_ = holder_from(lock->metadata);
    endless_ = is_endless(*lock);
    etag_ = lock->etag;
    // A run of this server, over another table perhaps, may be at work under it, by the same id: to acquire
    // it would renew it.
    const bool is_shared = lock->lease_state == "leased";
    if (is_shared && before && !before->is(claim_.owner))
        throw taken();
    state_ = co_await request(azure::lease_action::acquire);
    if (state_ != lease_outcome::held)
        throw taken();
    if (before && before->is(claim_.owner)) {
        before.reset();
    } else {
        co_await write(nobody);
    }
    if (!is_shared)
        co_await release();
    co_return before;
}

// The whole blob is written again: it has no content. Throws conflict if somebody else has written to it.
awaitable<void> folder_lease::write(folder_holder holder) {
    const auto values = lock_metadata(claim_.owner, holder);
    const auto expected = std::exchange(etag_, {}); // unless the write is known, the next `take` looks again
    const auto when = azure::condition::match(expected);
    conditional_write signature;
    signature.doing = fmt::format("signing '{}'", name_);
    signature.send = [&]() -> awaitable<azure::etag> {
        const auto done =
            co_await lake_.client().put_empty_blob(name_, values, when, claim_.id, lake_.encryption_scope());
        co_return done.etag;
    };
    signature.look = [&]() -> awaitable<conditional_write::observed> {
        const auto now = co_await look();
        if (!now)
            co_return conditional_write::observed{};
        auto state = blob_state::otherwise;
        if (now->metadata == values)
            state = blob_state::as_written;
        else if (now->etag == expected)
            state = blob_state::as_before;
        co_return conditional_write::observed{state, now->etag};
    };
    etag_ = co_await write_until_known(retries_, std::move(signature));
    holder_ = std::move(holder);
}

// False if another run, probably on this server, has signed at the same time: a fresh look is needed.
awaitable<bool> folder_lease::signed_by_us() {
    bool faster = false;
    try {
        co_await sign();
    } catch (const conflict&) {
        faster = true;
    }
    co_return !faster;
}

awaitable<void> folder_lease::sign() {
    must_be_held();
    if (holder_.lease == claim_.id)
        co_return;
    folder_holder us;
    us.lease = claim_.id;
    us.who =
        fmt::format("run {}, host {}, since {}", run_id_, this_host(), async::utc_text(async::this_second()));
    co_await write(std::move(us));
    fault_point("lease-signed");
}

awaitable<void> folder_lease::ready_to_write() {
    co_await sign();
    co_await renew();
}

void folder_lease::note(lease_outcome renewed) {
    if (state_ == lease_outcome::held && renewed != lease_outcome::held)
        log_.warn("lease.lost", "the folder's lease was lost: nothing more is published", {{"blob", name_}});
    state_ = renewed;
}

awaitable<void> folder_lease::renew() {
    const auto outcome = co_await request(azure::lease_action::renew);
    if (outcome == lease_outcome::changed)
        etag_.clear(); // the next `take` looks again
    note(outcome);
    must_be_held();
}

void folder_lease::must_be_held() const {
    if (state_ == lease_outcome::held)
        return;
    if (state_ == lease_outcome::taken)
        throw taken();
    if (state_ == lease_outcome::changed)
        throw conflict(fmt::format("'{}' was signed by another holder of its lease", name_));
    async::error lost(failure::temporary,
                      fmt::format("the lease of '{}' was broken while this run was at work", name_),
                      "Somebody broke it, perhaps because this run looked dead. The next run tries again.");
    lost.set_not_repeatable();
    throw lost;
}

async::error folder_lease::taken() const {
    const auto command =
        fmt::format("az storage blob lease break --account-name {} --container-name {} --blob-name '{}'",
                    lake_.client().account_name(), lake_.client().container(), name_);
    if (endless_)
        return {failure::locked,
                fmt::format("somebody holds a lease on '{}' that does not expire: it does not belong to a "
                            "run, whose leases last {} s",
                            name_, lease_duration.count()),
                "Release it where it was taken, or break it: " + command};
    // The last signer had the lease then. If that was this server, another one has taken it since.
    const bool told = !holder_.lease.empty() && holder_.lease != claim_.id;
    return {failure::locked,
            fmt::format("another server's run holds the lease of '{}'{}", name_,
                        told ? fmt::format(" (last signed by {})", holder_.who) : std::string()),
            fmt::format("Is this database a copy of another one, with its settings? The lease of a run that "
                        "died expires after {} s. To break it now: {}.",
                        lease_duration.count(), command)};
}

awaitable<void> folder_lease::release() {
    if (state_ != lease_outcome::held || etag_.empty())
        co_return;
    state_ = lease_outcome::absent;
    try {
        (void)co_await request(azure::lease_action::release);
    } catch (const async::error& failed) {
        log_.debug("lease.not_released", "the folder's lease was not released: it expires by itself",
                   {{"error.message", failed.what()}});
    }
}

awaitable<void> folder_lease::renew_for_ever() {
    for (;;) {
        co_await async::pause(renew_every);
        if (state_ != lease_outcome::held || etag_.empty())
            continue;
        try {
            co_await renew();
        } catch (const async::error& failed) {
            // The lease is still valid for a while, and may not be needed any more: the proof before COMMIT
            // decides.
            log_.debug("lease.not_renewed", "the folder's lease could not be renewed",
                       {{"error.message", failed.what()}});
        }
    }
}

awaitable<void> folder_lease::renewed_beside(std::function<awaitable<void>()> body) {
    async::task_scope beside(co_await async::asio::this_coro::executor);
    beside.start(renew_for_ever());
    std::exception_ptr failed;
    try { // not `caught`: the parallel work must be joined even after a cancellation
        co_await body();
    } catch (...) {
        failed = std::current_exception();
    }
    co_await async::ignoring_cancellation();
    beside.cancel();
    co_await beside.join();
    co_await async::heeding_cancellation();
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace lake
