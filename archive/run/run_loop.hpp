// The transactions of a run, one after another: each is opened and fenced by the folder's lease, and what
// earlier runs left is settled before it begins.
// Tested by tests/fault/test_others_at_work.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "archive/run/transaction_opener.hpp"
#include "lake/commit/attempts.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace archive {

// What becomes of a run where there is no container.
enum class absent_container : std::uint8_t {
    is_made,    // it takes rows
    is_refused, // there is nothing in it, and perhaps the path is wrong
    is_done,    // nothing waits in it
};

class run_loop {
  public:
    // What a command does in a transaction, once the files are as they should be.
    using attempt_body = std::function<awaitable<lake::attempt_result>(run_transaction&)>;

    // All must outlive it.
    run_loop(const run_context& context, run_tools& tools, transaction_opener& opener,
             absent_container container)
        : context_(context)
        , tools_(tools)
        , opener_(opener)
        , container_(container) {}

    // Repeats `body` until it has finished, as lake::repeat_attempts does. Where the role may not see which
    // server this is, `body` runs without the lease, and must write nothing.
    [[nodiscard]] awaitable<void> repeat(attempt_body body);

  private:
    [[nodiscard]] awaitable<lake::attempt_result> attempt(const attempt_body& body);
    [[nodiscard]] awaitable<lake::attempt_result> work_in(run_transaction& opened, const attempt_body& body);
    // nullopt if there was nothing to settle.
    [[nodiscard]] awaitable<std::optional<lake::attempt_result>> settle(run_transaction& opened);
    [[nodiscard]] awaitable<std::uint64_t> finish_conversions(const run_transaction& opened);

    const run_context& context_;
    run_tools& tools_;
    transaction_opener& opener_;
    absent_container container_;
};

} // namespace archive
