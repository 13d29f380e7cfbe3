#include "async/error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <stdexcept>

namespace async {
namespace {

using namespace std::chrono_literals;

struct room_error : error {
    using error::error;
    int status = 503;
};

TEST(error, may_be_repeated_only_if_it_is_temporary) {
    const struct {
        failure kind;
        std::string_view name;
        bool may_repeat;
    } cases[] = {
        {failure::unclassified, "unclassified", false},
        {failure::usage, "usage", false},
        {failure::precondition, "precondition", false},
        {failure::refused, "refused", false},
        {failure::temporary, "temporary", true},
        {failure::integrity, "integrity", false},
        {failure::locked, "locked", false},
        {failure::internal, "internal", false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        const error failed(row.kind, "no");
        EXPECT_EQ(failed.may_repeat(), row.may_repeat);
        EXPECT_EQ(to_string(row.kind), row.name);
        EXPECT_EQ(failure_of(std::make_exception_ptr(failed)), row.kind);
    }
}

TEST(error, puts_its_context_in_front_outermost_first) {
    error failed(failure::temporary, "connection reset by peer", "Check the network.");

    failed.add_context("put block");
    failed.add_context("staging 'events_2024-01-01.csv'");

    EXPECT_STREQ(failed.what(), "staging 'events_2024-01-01.csv': put block: connection reset by peer");
    EXPECT_EQ(failed.message(), failed.what());
    EXPECT_EQ(failed.hint(), "Check the network.");
}

TEST(error, keeps_its_type_and_fields_while_it_is_given_context_on_its_way) {
    try {
        try {
            throw room_error(failure::refused, "signature mismatch");
        } catch (error& failed) {
            failed.add_context("listing 'lake'");
            failed.set_outcome_unknown();
            failed.set_retry_after(3s);
            throw;
        }
    } catch (const room_error& failed) {
        EXPECT_STREQ(failed.what(), "listing 'lake': signature mismatch");
        EXPECT_EQ(failed.status, 503);
        EXPECT_TRUE(failed.outcome_unknown());
        EXPECT_EQ(failed.retry_after(), std::optional(3000ms));
    }
}

TEST(error, knows_its_outcome_and_no_wish_of_the_server_unless_told) {
    const error failed(failure::temporary, "timed out");

    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_EQ(failed.retry_after(), std::nullopt);
    EXPECT_EQ(failed.hint(), "");
}

TEST(is_cancellation, recognises_what_throw_cancelled_throws_and_nothing_else) {
    std::exception_ptr cancelled;
    try {
        throw_cancelled();
    } catch (...) {
        cancelled = std::current_exception();
    }
    EXPECT_TRUE(is_cancellation(cancelled));

    using boost::system::system_error;
    EXPECT_FALSE(is_cancellation(nullptr));
    EXPECT_FALSE(is_cancellation(std::make_exception_ptr(error(failure::temporary, "timed out"))));
    EXPECT_FALSE(
        is_cancellation(std::make_exception_ptr(system_error(boost::asio::error::connection_reset))));
    EXPECT_FALSE(is_cancellation(std::make_exception_ptr(std::runtime_error("operation aborted"))));
    EXPECT_FALSE(is_cancellation(std::make_exception_ptr(7)));
}

TEST(describe, says_something_of_any_exception) {
    EXPECT_EQ(describe(nullptr), "no error");
    EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("no luck"))), "no luck");
    EXPECT_EQ(describe(std::make_exception_ptr(room_error(failure::locked, "taken"))), "taken");
    EXPECT_EQ(describe(std::make_exception_ptr(7)), "an exception of an unknown type");
}

TEST(failure_of, is_internal_for_exceptions_of_other_types) {
    EXPECT_EQ(failure_of(std::make_exception_ptr(std::bad_alloc())), failure::internal);
    EXPECT_EQ(failure_of(std::make_exception_ptr(7)), failure::internal);
    EXPECT_EQ(failure_of(std::make_exception_ptr(room_error(failure::locked, "taken"))), failure::locked);
}

} // namespace
} // namespace async
